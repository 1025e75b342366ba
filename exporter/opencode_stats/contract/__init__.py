"""The wire formats: one spool line, and stats.json. The only home of pydantic (line.py, schema.py).

The records themselves live in ``core``; here they are validated, written and described. ``stats_document`` needs the
standard library alone, so that readers start fast.
"""

"""Events come in: reading spool files from their cursors, cutting lines, quarantining what is no event.

Nothing here decides what an event means (``core``) or what it changes (``ledger``).
"""

"""OpenCode as a source: where its databases are, what is in them, and which version wrote them.

Read-only throughout: ``mode=ro``, never ``immutable`` (it misses the rows that are still in the WAL). Nothing here
decides what counts (``core.usage``) or writes (``ledger``).
"""

"""OpenCode as a source: where its databases are, what is in them, and which version wrote them.

Read-only throughout (``opening``): ``immutable`` only where there is no write-ahead log, whose rows it would miss.
Nothing here decides what counts (``core.usage``) or writes (``ledger``).
"""

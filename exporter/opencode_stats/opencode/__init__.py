"""OpenCode as a source: where its databases are, what is in them, and which version wrote them.

Read-only throughout, and never ``immutable`` (``opening``).
Nothing here decides what counts (``core.usage``) or writes (``ledger``).
"""

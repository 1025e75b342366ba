"""What happened comes in: spool files from their cursors, OpenCode's own storage, other hosts' files.

Of the spool it cuts lines and quarantines what is no event.

Nothing here decides what an event means (``core``) or what it changes (``ledger``).
"""

"""Whose usage a message in OpenCode's database is: this user's, or brought in with ``opencode import``.

``opencode export`` writes a conversation into a file, ``opencode import`` reads one (or a shared link) and writes its
messages into the database under their old ids and times, as OpenCode 1.18.33 was observed to do. Nothing in a row says
so, but four things together are true of such a message and of no other that is known:

1. OpenCode's log of events, which tells of every conversation that was begun here, does not tell of this one's
   beginning: importing writes rows and logs nothing;
2. its row was written long after it was completed, when it was imported; OpenCode itself writes it within some
   milliseconds;
3. it was made in another directory than the one that its conversation has now: importing moves the conversation to
   where ``opencode import`` was called, and leaves the message's own directory as it was;
4. nobody worked in that directory here: no conversation has it, and no project has its root.

Each alone has an innocent explanation (a database from before the log; the migration from JSON files, which wrote all
rows late; a conversation that went on in another folder; a moved checkout), so all four must hold. One's own export
that was imported again has the same ids and directories, and stays one's own.
"""

from __future__ import annotations

from typing import Final

LATE_MS: Final = 1_000
"""OpenCode 1.18.33 wrote rows 1 to 21 ms after the end of the message; a person who imports takes longer."""


def brought_in(logged: int, late_ms: int | None, moved: int, known_place: int) -> bool:
    """Whether a message came with ``opencode import`` from elsewhere.

    ``logged``: the log of events has the conversation's beginning; ``late_ms``: from the message's end to the writing
    of its row, None where that is not known; ``moved``: it has another directory than its conversation;
    ``known_place``: somebody worked in that directory here. Flags are 0 or 1, as SQLite has them.
    """
    return not logged and late_ms is not None and late_ms > LATE_MS and bool(moved) and not known_place

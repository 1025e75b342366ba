"""What must hold of any ledger, whatever was taken in: its figures are proven, and others can read what it tells."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from opencode_stats.contract.host_file import parse_message
from opencode_stats.errors import BadEvent
from opencode_stats.ledger.foreign import own_messages
from opencode_stats.ledger.verify import verify

if TYPE_CHECKING:
    import sqlite3


def wrong_with(ledger: sqlite3.Connection) -> list[str]:
    """What is wrong with it; empty where all holds."""
    found = verify(ledger)
    number, lines = own_messages(ledger)
    for line in lines:
        number -= 1
        try:
            parse_message(json.dumps(line).encode())
        except BadEvent as error:
            # One such line, and nobody could take in a message of this host any more.
            found.append(f"{line['message']!r} would be refused: {error.reason}")
    return [*found, *([f"the host's file would say {number} too many"] if number else [])]

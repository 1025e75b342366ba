#!/usr/bin/env python3
"""What OpenCode spends, from stats.json; --follow prints it again whenever it has changed."""

import json
import math
import os
import re
import sys
import time
from itertools import islice

# Names come from providers as they are: nothing that a terminal obeys may get out.
OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def stats_file() -> str:
    """Where the exporter writes it; a relative XDG_DATA_HOME counts for nothing, as its specification says."""
    data = os.environ.get("XDG_DATA_HOME", "")
    return os.path.join(data if os.path.isabs(data) else os.path.expanduser("~/.local/share"), "opencode/stats.json")


def money(usd: float) -> str:
    cents = math.floor(usd * 100 + 0.5)
    return f"${cents // 100}.{cents % 100:02}"


def look(path: str) -> str:
    """The lines to print. One read is enough: the file is replaced as a whole, so nobody ever sees half of it."""
    try:
        with open(path, encoding="utf-8") as file:
            stats = json.load(file)
    except FileNotFoundError:
        return "no figures yet"
    if stats["schemaVersion"] != 1:
        raise SystemExit("a format that is newer than this reader")
    session = stats["session"]
    spent = f"{session['totalTokens']} tokens ({money(session['totalCost'])}) this session"
    lines = [
        f"{session['state']}: {spent}, {stats['daily']['totalTokens']} today, {stats['total']['totalTokens']} in total"
    ]
    # The models are there by tokens, the largest first.
    for name, tokens in islice(session["tokensByModel"].items(), 3):
        lines.append(f"  {OBEYED.sub('?', name)[:40]} {tokens}")
    return "\n".join(lines)


def state(path: str) -> tuple[int, int]:
    """What is another one after every replacement."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return (0, 0)
    return (found.st_ino, found.st_mtime_ns)


def main() -> None:
    path = stats_file()
    print(look(path), flush=True)
    seen = state(path)
    while "--follow" in sys.argv:
        time.sleep(0.5)
        if (now := state(path)) != seen:
            seen = now
            print(look(path), flush=True)


if __name__ == "__main__":
    main()

"""Making a damaged ledger again, out of everything that still knows: step by step, each of which may be the last.

1. *Build*: the newest backup that is sound, or an empty ledger, is made ready beside the damaged one, with a row that
   says what is going on. Its cursors into the spool are those of the backup, so what came later is read there again;
   those into OpenCode's own storage are forgotten, so all of that is read again.
2. *Swap*: the damaged files are moved aside, into a dated folder with a copy of stats.json, and the new ledger into
   their place. Whoever is killed here leaves a finished ledger beside, and the next start goes on with the swap.
3. The exporter takes in the spool and OpenCode's storage as always, and calls ``finish``: what only the damaged file
   knows is salvaged from it, and what is missing beside the totals that readers had been shown is written down.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from opencode_stats.core.models import model_key
from opencode_stats.errors import LedgerCorrupt, LedgerError
from opencode_stats.host.files import FILES, OWN_FILE_MODE, own_folder, sync_folder, told
from opencode_stats.ledger.backup import backups, stamp_of, sync, unsound
from opencode_stats.ledger.closing import RECORD
from opencode_stats.ledger.connection import Connection, open_ledger
from opencode_stats.ledger.queries import total, total_title_requests
from opencode_stats.ledger.recoveries import recoveries
from opencode_stats.ledger.salvage import salvage
from opencode_stats.ledger.transactions import transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping
    from pathlib import Path

    from opencode_stats.host.files import Files
    from opencode_stats.host.paths import Paths
    from opencode_stats.ledger.recoveries import Recovery

REPORT: Final = "report.json"
KEPT_FOLDERS: Final = 3
"""Damaged ledgers that are kept; the oldest goes when another one comes."""
_BEING_MADE: Final = "ledger.recovering"
_MADE: Final = "ledger.recovered"
BESIDE: Final = (_BEING_MADE, _MADE, RECORD)
"""What may lie beside the ledger besides SQLite's own files."""
_SIDES: Final = ("", "-wal", "-shm")


def recover(paths: Paths, cause: str, now_ms: int, files: Files = FILES) -> None:
    """Puts a new ledger into the place of the damaged one; the exporter's next rounds and ``finish`` do the rest.

    Raises:
        LedgerError: it can't be done (no room, no right to write).
    """
    try:
        _build(paths, cause, now_ms, files)
        finish_swap(paths, files)
    except OSError as error:
        raise LedgerError(
            f"The ledger {paths.ledger} is damaged ({cause}) and could not be made again: {told(error)}"
        ) from error


def finish_swap(paths: Paths, files: Files = FILES) -> None:
    """Goes on with a swap that was interrupted; nothing where none was.

    What was made is thrown away where it was damaged since, as long as what it was made from is still in its place.

    Raises:
        LedgerError: it can't be used, and nothing else is there.
        OSError: it can't be put into its place.
    """
    made = paths.data / _MADE
    if not os.path.lexists(made):
        return
    try:
        folder = paths.damaged / _folder_of(made, files)
    except LedgerCorrupt:
        if not os.path.lexists(paths.ledger):
            raise
        for side in reversed(_SIDES):
            if os.path.lexists(made.with_name(made.name + side)):
                files.unlink(made.with_name(made.name + side))
        return
    own_folder(folder, files)
    for side in _SIDES:
        there, aside = paths.ledger.with_name(paths.ledger.name + side), folder / (paths.ledger.name + side)
        if os.path.lexists(there) and not os.path.lexists(aside):
            files.replace(there, aside)
    if not os.path.lexists(folder / paths.stats_file.name):
        # What readers had been shown; where that can't be read, there is nothing to keep.
        with contextlib.suppress(OSError):
            shutil.copyfile(paths.stats_file, folder / paths.stats_file.name, follow_symlinks=False)
            os.chmod(folder / paths.stats_file.name, OWN_FILE_MODE)
    files.replace(made, paths.ledger)
    sync_folder(paths.data, files)
    # Its own is yet to be salvaged from, and after the clock was set back it is not the last by name.
    others = set(files.names(paths.damaged)) - {folder.name}
    for old in sorted(others, reverse=True)[KEPT_FOLDERS - 1 :]:
        shutil.rmtree(paths.damaged / old, ignore_errors=True)


def _folder_of(made: Path, files: Files) -> str:
    with closing(open_ledger(made, 0, files)) as connection:
        row = connection.execute("SELECT folder FROM recoveries WHERE finished_ms IS NULL").fetchone()
        if row is None:
            raise LedgerCorrupt(f"The ledger {made} says nothing of what it was made from.")
        connection.execute("PRAGMA journal_mode = DELETE")
    name: str = row[0]
    return name


def finish(connection: sqlite3.Connection, paths: Paths, now_ms: int, *, everything_read: bool) -> Recovery | None:
    """Ends the recovery that is under way; None where none is. Called when spool and OpenCode's storage are taken in.

    ``everything_read`` says whether all of OpenCode's storage could be read; until then what is missing may turn up.

    Raises:
        OSError: the report can't be written.
        sqlite3.OperationalError: the ledger can't be written now.
    """
    pending = [one for one in recoveries(connection) if one.finished_ms is None]
    if not pending:
        return None
    one = pending[0]
    folder = paths.damaged / one.folder
    (published,) = connection.execute("SELECT published FROM recoveries WHERE at_ms = ?", (one.at_ms,)).fetchone()
    with transaction(connection):
        salvaged = salvage(connection, folder / paths.ledger.name) if one.salvaged is None else one.salvaged
        missing = _missing(connection, json.loads(published))
        connection.execute(
            "UPDATE recoveries SET finished_ms = ?, salvaged = ?, missing_tokens = ?, missing_messages = ?, "
            "missing_titles = ? WHERE at_ms = ?",
            (now_ms if everything_read else None, salvaged, *missing, one.at_ms),
        )
    outcome = next(done for done in recoveries(connection) if done.at_ms == one.at_ms)
    _report(folder, outcome, json.loads(published))
    return outcome


def published_total(stats_file: Path) -> dict[str, Any]:
    """What readers are shown of everything: ``tokens`` and ``messages`` by model key, and ``titles``; empty if unknown.

    Our own stats.json is as good a witness as any of what was once counted; one of somebody else's tells nothing.
    """
    try:
        with open(stats_file, "rb") as file:
            document: Any = json.load(file)
        if document["schemaVersion"] != 1 or not isinstance(document["exporter"], dict):
            return {}
        models = {
            str(key): (int(model["totalTokens"]), int(model["messages"]))
            for key, model in document["total"]["models"].items()
        }
        titles = int(document["total"]["titleRequests"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    return {"models": models, "titles": titles}


def tokens_of(published: Mapping[str, Any]) -> int:
    """All tokens of ``published_total``."""
    return sum(tokens for tokens, _ in published.get("models", {}).values())


def _build(paths: Paths, cause: str, now_ms: int, files: Files) -> None:
    making = paths.data / _BEING_MADE
    for side in _SIDES:
        with contextlib.suppress(FileNotFoundError):
            files.unlink(making.with_name(making.name + side))
    base = None
    for one in backups(paths.backups):
        if not unsound(one.path):
            shutil.copyfile(one.path, making, follow_symlinks=False)
            os.chmod(making, OWN_FILE_MODE)
            base = one.path.name
            break
    with closing(open_ledger(making, now_ms, files, Connection)) as connection:
        with transaction(connection):
            connection.execute("DELETE FROM sources")
            connection.execute("DELETE FROM legacy_folders")
            # One that the backup found under way: this one does its work.
            connection.execute("UPDATE recoveries SET finished_ms = ? WHERE finished_ms IS NULL", (now_ms,))
            connection.execute(
                "INSERT OR REPLACE INTO recoveries (at_ms, folder, cause, base, published) VALUES (?, ?, ?, ?, ?)",
                (now_ms, _free_name(paths, now_ms), cause, base, json.dumps(published_total(paths.stats_file))),
            )
        # All of it in one file, so that one renaming puts it in place.
        connection.execute("PRAGMA journal_mode = DELETE")
    sync(making, files)
    files.replace(making, paths.data / _MADE)
    sync_folder(paths.data, files)


def _free_name(paths: Paths, now_ms: int) -> str:
    number = 1
    name = stamp = stamp_of(now_ms)
    while os.path.lexists(paths.damaged / name):
        number += 1
        name = f"{stamp}-{number}"
    return name


def _missing(connection: sqlite3.Connection, published: Mapping[str, Any]) -> tuple[int, int, int]:
    """Tokens, messages and requests for titles that readers had been shown and the ledger has no more."""
    ours: dict[str, list[int]] = {}
    for (provider, model), usage in total(connection).by_model.items():
        sums = ours.setdefault(model_key(provider, model), [0, 0])
        sums[0] += usage.tokens.total
        sums[1] += usage.messages
    tokens = messages = 0
    for key, (said_tokens, said_messages) in published.get("models", {}).items():
        made_tokens, made_messages = ours.get(key, (0, 0))
        tokens += max(0, said_tokens - made_tokens)
        messages += max(0, said_messages - made_messages)
    return tokens, messages, max(0, published.get("titles", 0) - total_title_requests(connection))


def _report(folder: Path, one: Recovery, published: Mapping[str, Any]) -> None:
    """For whoever looks into the folder; the same is in the ledger."""
    report = {
        "schemaVersion": 1,
        "foundMs": one.at_ms,
        "cause": one.cause,
        "startedFrom": one.base or "an empty ledger",
        "finishedMs": one.finished_ms,
        "salvagedMessages": one.salvaged,
        "publishedTokens": tokens_of(published),
        "missingTokens": one.missing_tokens,
        "missingMessages": one.missing_messages,
        "missingTitleRequests": one.missing_titles,
    }
    try:
        descriptor = FILES.open(folder / REPORT, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    except FileNotFoundError:
        # The user threw the damaged ledger away while its recovery goes on: nobody is left to read it there.
        return
    with open(descriptor, "w", encoding="utf-8") as file:
        json.dump(report, file, indent=1)
        file.write("\n")

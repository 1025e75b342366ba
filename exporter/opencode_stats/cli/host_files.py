"""Hosts' files as ``export --ledger`` writes and ``import --ledger`` reads them (docs/machines.md)."""

from __future__ import annotations

import json
import os
import secrets
import socket
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Final

from opencode_stats.cli.asking import surroundings
from opencode_stats.cli.say import explain, say
from opencode_stats.cli.sink import sink
from opencode_stats.core.hosts import ID_DIGITS, LONGEST_NAME
from opencode_stats.errors import LedgerError, UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opencode_stats.cli.asking import Surroundings
    from opencode_stats.host.paths import Paths
    from opencode_stats.ingest.host_files import HostFile
    from opencode_stats.ledger.connection import Connection

_UNNAMED: Final = "unnamed"
_OF_ID: Final = 8
"""Digits of the id in a file's name: enough to tell a handful of hosts apart."""
_OF_NAME: Final = 40


def host_name() -> str:
    """What people call this machine: its name without the domain."""
    name = socket.gethostname().partition(".")[0].encode(errors="replace").decode()
    return name[:LONGEST_NAME] or _UNNAMED


def write_host_file(target: str) -> None:
    """Writes this host's file to a file, into a folder, or to standard output (``-``).

    Raises:
        LockHeld: another exporter is at work and does not answer.
        UserError, LedgerError: it can't be done now.
    """
    from opencode_stats.cli.export import not_kept  # noqa: PLC0415 - it imports this module when it is called
    from opencode_stats.contract.host_file import FORMAT, VERSION  # noqa: PLC0415
    from opencode_stats.core.bounds import LATEST_INSTANT_MS  # noqa: PLC0415
    from opencode_stats.ledger.connection import transaction  # noqa: PLC0415
    from opencode_stats.ledger.foreign import note_written, own_messages  # noqa: PLC0415
    from opencode_stats.ledger.forgotten import forgotten_between  # noqa: PLC0415

    if not target:
        raise UserError("--ledger wants the name of a file or a folder, or - for standard output.")
    here = surroundings(wait=True)
    name = host_name()
    host = _own_id(here, name)
    folder = os.path.isdir(target)
    if folder:
        target = os.path.join(target, file_name(host, name))
        _take_back(here, target)
    encode = json.JSONEncoder(separators=(",", ":")).encode
    written: list[int] = []
    forgotten: list[int] = []
    with sink(target) as out:

        def write_all(connection: Connection) -> None:
            if written:
                # Somebody wrote to the ledger beside us, so what was read may be half of this and half of that.
                out.again()
            number, messages = own_messages(connection)
            written.append(number)
            forgotten.append(forgotten_between(connection, 0, LATEST_INSTANT_MS).messages)
            head = {"format": FORMAT, "v": VERSION, "host": host, "name": name, "written_ms": here.now_ms}
            out.text.write(encode({**head, "messages": number}) + "\n")
            out.text.writelines(encode(message) + "\n" for message in messages)

        here.ask(write_all)
    if folder:
        with _writer(here.paths) as connection, transaction(connection):
            note_written(connection, here.now_ms)
    if target != "-":
        from opencode_stats.cli.render.text import counted  # noqa: PLC0415

        explain(f"{counted(written[-1], 'message')} of {name} {'is' if written[-1] == 1 else 'are'} in {target}.")
    if forgotten[-1]:
        say(f"{not_kept(forgotten[-1])}, and not in it.", err=True)


def file_name(host: str, name: str) -> str:
    """The name of a host's file in a folder of such: of letters, digits, - and _ alone, whatever the host is called."""
    safe = "".join(char if char.isascii() and char.isalnum() else "-" for char in name)[:_OF_NAME].strip("-")
    return f"opencode-stats-{safe or _UNNAMED}-{host[:_OF_ID]}.ndjson"


def take_host_files(places: list[str]) -> None:
    """Takes in other hosts' files, and those of folders, and says what each brought. One that is bad stops no other.

    Raises:
        LockHeld: another exporter is at work and does not answer.
        UserError, LedgerError: it can't be done now; or some files could not be taken in, all others were.
    """
    from opencode_stats.cli.render.text import name  # noqa: PLC0415
    from opencode_stats.cli.take_in import bar  # noqa: PLC0415 - it imports this module when it is called
    from opencode_stats.ingest.host_files import files_in, take_host_file  # noqa: PLC0415 - the slow half

    here = surroundings(wait=False)
    troubles: list[str] = []
    files: list[str] = []
    for place in places:
        try:
            files += files_in(place)
        except UserError as error:
            troubles.append(_on_one_line(error))
    if files:
        _own_id(here, host_name())
        with _writer(here.paths) as connection:
            for path in files:
                try:
                    with bar(name(os.path.basename(path))) as show:
                        taken = take_host_file(connection, path, show)
                    explain(_told(taken))
                except UserError as error:
                    troubles.append(_on_one_line(error))
    if troubles:
        for trouble in troubles[:-1]:
            say(f"opencode-stats: {trouble}", err=True)
        raise UserError(troubles[-1])


def _take_back(here: Surroundings, path: str) -> None:
    """Takes in this host's own file that is there, before it is replaced, where this ledger is not who wrote it last.

    Then this ledger was copied to another machine, and both write there; or it was made again from a backup.
    """
    from opencode_stats.ingest.host_files import head_of, take_host_file  # noqa: PLC0415 - the slow half
    from opencode_stats.ledger.foreign import is_own_latest, own_host  # noqa: PLC0415

    head = head_of(path)
    if head is None or head.host != here.ask(own_host) or here.ask(lambda ledger: is_own_latest(ledger, head)):
        return
    with _writer(here.paths) as connection, suppress(UserError):
        # One that is damaged tells nothing, and a whole one takes its place.
        take_host_file(connection, path)


def _on_one_line(error: UserError) -> str:
    """Names in a common folder are other people's: what such a name says must not look like a sentence of ours."""
    return str(error).replace("\n", "\\u000a")


def _told(file: HostFile) -> str:
    from opencode_stats.cli.render.text import count, name  # noqa: PLC0415

    taken = file.taken
    parts = [
        f"{count(number)} {what}"
        for number, what in ((taken.new, "new"), (taken.changed, "further along"), (taken.known, "known"))
        if number
    ]
    return f"{name(file.head.name)}: {', '.join(parts) or 'nothing was used there yet'}."


def _own_id(here: Surroundings, name: str) -> str:
    """This host's id; made by chance where it has none yet."""
    from opencode_stats.ledger.connection import transaction  # noqa: PLC0415
    from opencode_stats.ledger.foreign import become_host, own_host  # noqa: PLC0415

    host = here.ask(own_host)
    if host is not None:
        return host
    with _writer(here.paths) as connection, transaction(connection):
        return become_host(connection, secrets.token_hex(ID_DIGITS // 2), name)


@contextmanager
def _writer(paths: Paths) -> Iterator[Connection]:
    """The ledger, to write what other hosts told, which no exporter reads or writes: so beside one, or without.

    The lock is not held. An import of many messages would keep a daemon that starts meanwhile from its work, and no
    service manager starts that a second time.
    """
    from opencode_stats.ledger.connection import (  # noqa: PLC0415 - the slow half of the program
        LedgerUnavailable,
        LedgerUnreadable,
        open_beside,
        why_not,
    )
    from opencode_stats.ledger.transactions import checkpointed, shorten_log  # noqa: PLC0415

    try:
        with closing(open_beside(paths.ledger)) as connection:
            yield connection
            # The file may be thrown away when this is done.
            checkpointed(connection)
            shorten_log(connection)
    except LedgerUnavailable as error:
        raise UserError(f"The ledger {paths.ledger} can't be written now: {error}. Try again.") from error
    except LedgerUnreadable as error:
        raise LedgerError(f"The ledger {paths.ledger} can't be used: {why_not(error, paths.ledger)}") from error

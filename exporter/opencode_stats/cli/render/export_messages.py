"""Messages as CSV, JSON and NDJSON, faster than ``render.export`` would write their rows, and the same bytes.

Workspace, model, agent and the like are few, so what they look like is made once for all messages that have them alike;
numbers of tokens come as they are written; and an id that is a plain word needs no escaping.
"""

from __future__ import annotations

import csv
import io
from json.encoder import encode_basestring_ascii as quoted
from typing import TYPE_CHECKING, Final

from opencode_stats.cli.render.export import encode, harmless, write_objects
from opencode_stats.ledger.export import COLUMNS, TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TextIO

    from opencode_stats.cli.render.export import Format, Row

_OWN: Final = 3
"""Time, message and conversation are a message's own; of the other texts there are few."""
_COST: Final = COLUMNS.index("cost")
_MOST_KNOWN: Final = 4096
_NAMES: Final = tuple(f"{encode(name)}:" for name in COLUMNS)


def form_of_numbers(form: Format) -> str:
    """How the numbers of tokens are written (``ledger.export.rows_written``), with what stands before each."""
    return "".join(",%d" if form == "csv" else f",{name}%d" for name in _NAMES[TEXTS:_COST])


def write_messages(rows: Iterable[Row], form: Format, out: TextIO) -> None:
    """Writes the rows (``ledger.export.rows_written``) as they come."""
    if form == "csv":
        out.write(_csv(COLUMNS))
        out.writelines(_csv_lines(rows))
    else:
        write_objects(_objects(rows), form, out)


def _csv_lines(rows: Iterable[Row]) -> Iterator[str]:
    known: dict[Row, str] = {}
    for row in rows:
        time, message, conversation, *_, numbers, cost, took_ms = row
        alike = row[_OWN:TEXTS]
        written = known.get(alike)
        if written is None:
            written = _remember(known, alike, _csv(harmless(alike, len(alike)))[:-2])
        ids = f"{message},{conversation}"
        if not (message.isidentifier() and conversation.isidentifier()):
            ids = _csv(harmless((message, conversation), 2))[:-2]
        yield (
            f"{time or ''},{ids},{written}{numbers},{'' if cost is None else repr(cost)},"
            f"{'' if took_ms is None else took_ms}\r\n"
        )


def _objects(rows: Iterable[Row]) -> Iterator[str]:
    known: dict[Row, str] = {}
    a, b, c = _NAMES[:_OWN]
    d, e = _NAMES[_COST:]
    for row in rows:
        time, message, conversation, *_, numbers, cost, took_ms = row
        alike = row[_OWN:TEXTS]
        written = known.get(alike)
        if written is None:
            pairs = zip(_NAMES[_OWN:TEXTS], alike, strict=True)
            written = _remember(known, alike, "".join(f",{name}{encode(text)}" for name, text in pairs))
        yield (
            f"{{{a}{encode(time)},{b}{quoted(message)},{c}{quoted(conversation)}{written}{numbers},"
            f"{d}{'null' if cost is None else repr(cost)},{e}{'null' if took_ms is None else took_ms}}}"
        )


def _remember(known: dict[Row, str], alike: Row, written: str) -> str:
    if len(known) >= _MOST_KNOWN:
        known.clear()
    known[alike] = written
    return written


def _csv(values: Sequence[object]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerow(values)
    return out.getvalue()

"""Rows as CSV, JSON and NDJSON, one after the other."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any, Final, Literal

from opencode_stats.cli.render.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TextIO

Format = Literal["csv", "json", "ndjson"]
Row = tuple[Any, ...]
encode: Final = json.JSONEncoder(separators=(",", ":")).encode
"""JSON as it is written everywhere here."""
_FORMULA: Final = frozenset("=+-@\t\r")
"""A text that begins with one of these is run by spreadsheets (owasp.org/www-community/attacks/CSV_Injection)."""


def write(rows: Iterable[Row], columns: Sequence[str], texts: int, form: Format, out: TextIO) -> None:
    """Writes the rows as they come; nothing but the present one is kept.

    ``columns`` are their names, of which the first ``texts`` hold texts or None.
    """
    if form == "csv":
        # RFC 4180: lines end in CR LF.
        writer = csv.writer(out)
        writer.writerow(columns)
        writer.writerows(harmless(row, texts) for row in rows)
        return
    write_objects((encode(dict(zip(columns, row, strict=True))) for row in rows), form, out)


def write_objects(objects: Iterable[str], form: Format, out: TextIO) -> None:
    """Writes JSON objects: a line each, or all as one document."""
    if form == "ndjson":
        out.writelines(f"{one}\n" for one in objects)
        return
    out.write('{"schemaVersion":1,"rows":[')
    separator = "\n"
    for one in objects:
        out.write(separator + one)
        separator = ",\n"
    out.write("\n]}\n")


def harmless(row: Row, texts: int) -> Sequence[Any]:
    """The row with a ``'`` before each text that a spreadsheet would take for a formula."""
    # A loop, not any(): it is half of what a row costs.
    for text in row[:texts]:
        if text and text[0] in _FORMULA:
            return [f"'{text}" if text and text[0] in _FORMULA else text for text in row[:texts]] + [*row[texts:]]
    return row


def visible(rows: Iterable[Row], texts: int) -> Iterator[Row]:
    """The rows with everything in their texts as its code that a terminal would obey or not show."""
    for row in rows:
        yield *(text and plain(text.replace("\n", "\\n")) for text in row[:texts]), *row[texts:]

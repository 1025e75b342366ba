"""Reading the rows of a SQLite file page by page, without asking SQLite: what a damaged file still has.

A page says by itself what it is and where its rows are, so one that is sound is read whatever happened to those around
it. Nothing here trusts a byte: whatever makes no sense is passed over. Source: sqlite.org/fileformat2.html, sections
1.6 (b-tree pages) and 2.1 (records).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLE_LEAF: Final = 0x0D
INDEX_LEAF: Final = 0x0A
INDEX_INTERIOR: Final = 0x02
Value = int | float | str | bytes | None
_DEFAULT_PAGE_BYTES: Final = 4096
_HEADER_BYTES: Final = 100
_LONGEST_RECORD_BYTES: Final = 16 * 1024 * 1024
_INTEGER_BYTES: Final = (0, 1, 2, 3, 4, 6, 8)
_REAL: Final = 7
_ZERO: Final = 8
_FIRST_BLOB: Final = 12


class Nonsense(ValueError):
    """The bytes are no record."""


class Pages:
    """The pages of an open file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        start = file.read(_HEADER_BYTES)
        said = struct.unpack(">H", start[16:18])[0] if start[:16] == b"SQLite format 3\0" else 0
        sound = said in (512, 1024, 2048, 4096, 8192, 16384, 32768)
        self.page_bytes: Final = said if sound else _DEFAULT_PAGE_BYTES

    def table_rows(self) -> Iterator[tuple[int, list[int], bytes]]:
        """Row number, the columns' serial types, and the record, of every row of every table."""
        for page, start in self._of_kind(TABLE_LEAF):
            for place in _cells(page, start, 8):
                try:
                    length, place = varint(page, place)  # noqa: PLW2901 - a cell is read from its beginning on
                    number, place = varint(page, place)  # noqa: PLW2901
                    record = self._payload(page, place, length, self.page_bytes - 35)
                    yield number, serial_types(record), record
                except (Nonsense, IndexError):
                    continue

    def index_entries(self) -> Iterator[tuple[list[int], bytes]]:
        """The columns' serial types, and the record, of every entry of every index."""
        most_bytes = (self.page_bytes - 12) * 64 // 255 - 23
        for kind, header_bytes, skipped_bytes in ((INDEX_LEAF, 8, 0), (INDEX_INTERIOR, 12, 4)):
            for page, start in self._of_kind(kind):
                for place in _cells(page, start, header_bytes):
                    try:
                        length, place = varint(page, place + skipped_bytes)  # noqa: PLW2901
                        record = self._payload(page, place, length, most_bytes)
                        yield serial_types(record), record
                    except (Nonsense, IndexError):
                        continue

    def _of_kind(self, kind: int) -> Iterator[tuple[bytes, int]]:
        number = 0
        while page := self._page(number):
            start = _HEADER_BYTES if number == 0 else 0
            if len(page) == self.page_bytes and page[start] == kind:
                yield page, start
            number += 1

    def _page(self, number: int) -> bytes:
        self._file.seek(number * self.page_bytes)
        return self._file.read(self.page_bytes)

    def _payload(self, page: bytes, place: int, length: int, most_bytes: int) -> bytes:
        """The record's bytes, those on overflow pages included."""
        if length <= most_bytes:
            return page[place : place + length]
        if length > _LONGEST_RECORD_BYTES:
            raise Nonsense
        least_bytes = (self.page_bytes - 12) * 32 // 255 - 23
        local = least_bytes + (length - least_bytes) % (self.page_bytes - 4)
        local = local if local <= most_bytes else least_bytes
        parts, left = [page[place : place + local]], length - local
        following = int.from_bytes(page[place + local : place + local + 4], "big")
        seen = set()
        while left > 0:
            if following in seen or following == 0:
                raise Nonsense
            seen.add(following)
            overflow = self._page(following - 1)
            parts.append(overflow[4 : 4 + left])
            following, left = int.from_bytes(overflow[:4], "big"), left - len(overflow[4:])
        return b"".join(parts)


def varint(content: bytes, place: int) -> tuple[int, int]:
    """A number in SQLite's variable length, and the place behind it.

    Raises:
        IndexError: the content ends before it.
    """
    number = 0
    for step in range(8):
        byte = content[place + step]
        number = number << 7 | byte & 0x7F
        if byte < 0x80:  # noqa: PLR2004 - the bit that says that it goes on
            return number, place + step + 1
    number = number << 8 | content[place + 8]
    return (number - (1 << 64) if number >> 63 else number), place + 9


def serial_types(record: bytes) -> list[int]:
    """What each column of a record is.

    Raises:
        Nonsense, IndexError: it is no record.
    """
    header_bytes, place = varint(record, 0)
    types = []
    while place < header_bytes:
        kind, place = varint(record, place)
        types.append(kind)
    if place != header_bytes or header_bytes + sum(map(_size_of, types)) != len(record):
        raise Nonsense
    return types


def values(record: bytes, types: list[int], columns: int | None = None) -> list[Value]:
    """The record's first columns, or all.

    Raises:
        Nonsense: a text is no text.
    """
    place, _ = varint(record, 0)
    found: list[Value] = []
    for kind in types[:columns]:
        size = _size_of(kind)
        found.append(_value(kind, record[place : place + size]))
        place += size
    return found


def _size_of(kind: int) -> int:
    if kind < _REAL:
        return _INTEGER_BYTES[kind]
    if kind == _REAL:
        return 8
    if kind < _FIRST_BLOB:
        return 0
    return (kind - _FIRST_BLOB) // 2


def _value(kind: int, content: bytes) -> Value:
    if kind == 0:
        return None
    if kind < _REAL:
        return int.from_bytes(content, "big", signed=True)
    if kind == _REAL:
        real: float = struct.unpack(">d", content)[0]
        return real
    if kind < _FIRST_BLOB:
        return kind - _ZERO
    if kind % 2 == 0:
        return content
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise Nonsense from error


def _cells(page: bytes, start: int, header_bytes: int) -> Iterator[int]:
    """Where the page's cells begin."""
    number = int.from_bytes(page[start + 3 : start + 5], "big")
    pointers = page[start + header_bytes : start + header_bytes + 2 * number]
    for (place,) in struct.iter_unpack(">H", pointers[: len(pointers) // 2 * 2]):
        if start < place < len(page):
            yield place

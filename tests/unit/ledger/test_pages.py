"""What is read page by page is what SQLite reads."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencode_stats.ledger.pages import Nonsense, Pages, serial_types, values, varint

if TYPE_CHECKING:
    from opencode_stats.ledger.pages import Value

VALUES = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=2_000),
    st.binary(max_size=5_000),
)


def database(rows: list[tuple[Value, ...]], page_bytes: int) -> bytes:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute(f"PRAGMA page_size = {page_bytes}")
        connection.execute("CREATE TABLE t (a, b, c)")
        connection.execute("CREATE INDEX i ON t (a, b)")
        connection.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
        return connection.serialize()


def plain(value: Value) -> Value:
    """SQLite keeps a whole real number as an integer where that is shorter."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**47 else value


@given(rows=st.lists(st.tuples(VALUES, VALUES, VALUES), max_size=40), page_bytes=st.sampled_from([512, 4096]))
def test_every_row_and_every_entry_is_found(rows: list[tuple[Value, ...]], page_bytes: int) -> None:
    pages = Pages(BytesIO(database(rows, page_bytes)))

    found = {number: values(record, types) for number, types, record in pages.table_rows() if len(types) == 3}
    entries = [values(record, types) for types, record in pages.index_entries() if len(types) == 3]

    assert {number: [plain(value) for value in row] for number, row in found.items()} == {
        number: [plain(value) for value in row] for number, row in enumerate(rows, 1)
    }
    assert sorted(entry[2] for entry in entries if isinstance(entry[2], int)) == list(range(1, len(rows) + 1))


@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_bytes_are_it_ends(seed: int) -> None:
    chances = random.Random(seed)
    content = bytearray(database([(n, f"text {n}" * n, b"\0" * n * 50) for n in range(60)], 512))
    for _ in range(200):
        content[chances.randrange(len(content))] = chances.randrange(256)
    pages = Pages(BytesIO(bytes(content)))

    for types, record in [*((types, record) for _, types, record in pages.table_rows()), *pages.index_entries()]:
        try:
            assert len(values(record, types)) == len(types)
        except Nonsense:
            continue


def test_numbers_of_every_length() -> None:
    assert [varint(content, 0) for content in (b"\x00", b"\x7f", b"\x81\x00", b"\xff" * 9)] == [
        (0, 1),
        (127, 1),
        (128, 2),
        (-1, 9),
    ]
    with pytest.raises(IndexError):
        varint(b"\xff", 0)


@pytest.mark.parametrize("record", [b"\x02\x01", b"\x01\x00", b"\x03\x0f\x0d", b"\x02\x0f"])
def test_what_is_no_record(record: bytes) -> None:
    with pytest.raises(Nonsense):
        serial_types(record)

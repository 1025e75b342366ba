"""What is remembered of recoveries; that they are written down is in ``test_recovery``."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.support.clock import NOON_MS

from opencode_stats.ledger.connection import open_ledger
from opencode_stats.ledger.recoveries import Recovery, is_pending, recoveries, sentence_of

if TYPE_CHECKING:
    from pathlib import Path

DONE = Recovery(NOON_MS, "folder", "a cause", "ledger.db", NOON_MS + 1, 2, 0, 0, 0)


@pytest.mark.parametrize(
    ("one", "lost", "end"),
    [
        (replace(DONE, finished_ms=None), False, "; not all of OpenCode's own data could be read yet."),
        (DONE, False, "; everything that had been published is there."),
        (
            replace(DONE, missing_tokens=7),
            True,
            "; at least 7 tokens, 0 messages and 0 title requests that had been published are lost.",
        ),
        (
            replace(DONE, missing_titles=1),
            True,
            "; at least 0 tokens, 0 messages and 1 title requests that had been published are lost.",
        ),
    ],
)
def test_what_readers_are_told(one: Recovery, lost: bool, end: str) -> None:
    assert one.lost is lost
    assert sentence_of(one) == f"The ledger was damaged and made again on 2026-11-21{end}"


def test_every_field_is_that_of_its_column_and_the_latest_comes_first(tmp_path: Path) -> None:
    later = replace(DONE, at_ms=NOON_MS + 5, base=None, finished_ms=None, salvaged=None, missing_tokens=None)
    with closing(open_ledger(tmp_path / "ledger.db", NOON_MS)) as connection:
        assert (recoveries(connection), is_pending(connection)) == ([], False)
        for one in (DONE, later):
            connection.execute(
                "INSERT INTO recoveries (at_ms, folder, cause, base, published, finished_ms, salvaged, missing_tokens, "
                "missing_messages, missing_titles) VALUES (?, ?, ?, ?, '{}', ?, ?, ?, ?, ?)",
                (
                    one.at_ms,
                    one.folder,
                    one.cause,
                    one.base,
                    one.finished_ms,
                    one.salvaged,
                    one.missing_tokens,
                    one.missing_messages,
                    one.missing_titles,
                ),
            )

        assert (recoveries(connection), is_pending(connection)) == ([later, DONE], True)

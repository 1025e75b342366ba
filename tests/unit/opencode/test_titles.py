"""Titles, from OpenCode's databases at the moment of showing them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from tests.support.opencode_database import OpenCodeDatabase

from opencode_stats.opencode.titles import titles_of

if TYPE_CHECKING:
    from pathlib import Path


def test_titles_of_both_engines(tmp_path: Path) -> None:
    OpenCodeDatabase(tmp_path / "one.db").session("ses_1", title="First").session("ses_2", title=" ")
    with closing(sqlite3.connect(tmp_path / "two.db")) as two:
        two.execute("CREATE TABLE session_v2 (id TEXT, title TEXT)")
        two.executemany(
            "INSERT INTO session_v2 VALUES (?, ?)", [("ses_3", "Third"), ("ses_1", "Newer"), ("ses_4", None)]
        )
        two.execute("INSERT INTO session_v2 VALUES ('ses_5', CAST(x'ff41' AS TEXT))")
        two.commit()
    places = [tmp_path / "one.db", tmp_path / "two.db"]

    found = titles_of(places, ["ses_1", "ses_2", "ses_3", "ses_4", "ses_5", "ses_none"])

    assert found == {"ses_1": "Newer", "ses_3": "Third", "ses_5": "\ufffdA"}


def test_a_database_that_is_not_there_or_none_has_none(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database, but longer than a header would be" * 99)

    assert titles_of([tmp_path / "none.db", tmp_path / "text.db"], ["ses_1"]) == {}

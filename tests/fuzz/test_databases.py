"""A slice of ``make fuzz``: OpenCode's databases and old files, spoiled. What they found is in tests/unit/ingest."""

from __future__ import annotations

import secrets

import pytest
from tests.fuzz import databases, trees
from tests.fuzz.reference_database import Figures, figures_of
from tests.fuzz.tally import Finding

SEEDS = pytest.mark.parametrize("seed", [1, secrets.randbelow(2**32)], ids=["a fixed seed", "a new seed"])


@SEEDS
def test_a_spoiled_database_counts_exactly_or_is_named(seed: int) -> None:
    tally = databases.run(seed, 16)

    print(tally)
    assert tally.inputs == 16
    assert tally.ends["read"] > 0


@SEEDS
def test_spoiled_json_files_keep_no_other_from_being_counted(seed: int) -> None:
    tally = trees.run(seed, 8)

    print(tally)
    assert tally.inputs == 8
    assert tally.ends["read"] == tally.inputs


@pytest.mark.parametrize("room", [databases, trees])
def test_a_wrong_figure_would_be_noticed(room: object, monkeypatch: pytest.MonkeyPatch) -> None:
    def one_more(record: dict[str, object], **how: object) -> Figures | None:
        known = figures_of(record, **how)  # type: ignore[arg-type]  # handed on as they came
        return None if known is None else (known[0] + 1, *known[1:])

    monkeypatch.setattr("tests.fuzz.reference_database.figures_of", one_more)
    monkeypatch.setattr("tests.fuzz.trees.figures_of", one_more)

    with pytest.raises(Finding, match="not"):
        room.run(1, 30)  # type: ignore[attr-defined]  # one of the two

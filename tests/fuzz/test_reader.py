"""A slice of ``make fuzz``, and what it found as examples."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

import pytest
from tests.fuzz import reader
from tests.fuzz.tally import Finding, Tally

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SLICE = 1_000


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[reader.Terminal]:
    one = reader.Terminal(tmp_path)
    with one.in_use():
        yield one


@pytest.fixture
def document() -> dict[str, Any]:
    return json.loads(reader.GOLDEN.read_bytes())  # type: ignore[no-any-return]  # an object


@pytest.mark.parametrize("seed", [1, secrets.randbelow(2**32)], ids=["a fixed seed", "a new seed"])
def test_a_spoiled_stats_json_gives_its_figures_or_one_sentence(seed: int) -> None:
    tally = reader.run(seed, SLICE)

    print(tally)
    assert tally.inputs == SLICE
    assert min(tally.ends["printed"], tally.ends["refused"]) > 10


@pytest.mark.parametrize("number", [True, 1.5, -3, "7", None, [], 1e999])
@pytest.mark.parametrize("field", ["totalTokens", "totalCost"])
def test_what_is_no_figure_is_not_printed_as_one(
    terminal: reader.Terminal, document: dict[str, Any], field: str, number: object
) -> None:
    sound = field == "totalCost" and number == 1.5
    document["daily"][field] = number
    code, said, complained = terminal.call(json.dumps(document).encode())

    assert (code, bool(said), b"not as opencode-stats writes it" in complained) == (
        (0, True, False) if sound else (2, False, True)
    )


@pytest.mark.parametrize("depth", [300, 600, 900, 950, 980])
@pytest.mark.parametrize(("part", "field"), [("daily", "date"), ("session", "runId"), ("session", "state")])
def test_what_is_deep_where_a_name_belongs_is_no_traceback(
    terminal: reader.Terminal, document: dict[str, Any], part: str, field: str, depth: int
) -> None:
    document[part][field] = "HERE"
    nested = json.dumps(document).replace('"HERE"', "[" * depth + "]" * depth).encode()

    reader.check(Tally("reader", 0), terminal, nested)


@pytest.mark.parametrize("obeyed", ["\x9b2J", "\x7f", "\u202e", "\u2028"])
def test_json_never_moves_a_cursor(terminal: reader.Terminal, document: dict[str, Any], obeyed: str) -> None:
    document["daily"]["date"] = obeyed
    tally = Tally("reader", 0)

    reader.check(tally, terminal, json.dumps(document, ensure_ascii=False).encode(), as_json=True)
    assert tally.ends["printed"] == 1


@pytest.mark.parametrize("content", ["", "garbage", "\x1b[2J", "[1]", "{}", "NaN", "utf-16", "utf-8-sig"])
def test_what_is_no_json_of_ours_is_not_printed(terminal: reader.Terminal, content: str) -> None:
    text = reader.GOLDEN.read_text("utf-8")
    spoiled = {
        "NaN": text.replace(": 0,", ": NaN,", 1).encode(),
        "utf-16": text.encode("utf-16"),
        "utf-8-sig": text.encode("utf-8-sig"),
    }.get(content, content.encode())
    tally = Tally("reader", 0)

    reader.check(tally, terminal, spoiled, as_json=True)
    assert tally.ends["refused"] == 1


def test_a_reader_that_prints_what_a_terminal_obeys_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opencode_stats.cli.now.quietened", lambda text: text)

    with pytest.raises(Finding, match="a terminal is sent"):
        reader.run(1, SLICE)

"""A ledger that came to harm, in every way that has a name: the figures are the same afterwards, and it is told."""

from __future__ import annotations

import json
import random
import shutil
import stat
from typing import TYPE_CHECKING

import pytest
from tests.fault.books import Books, figures, with_a_past
from tests.fault.damage import DAMAGES, at_random, sums_changed

from opencode_stats.ledger.backup import backups

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RANDOM_DAMAGES = 200
WITNESSES_GONE = 100


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Books:
    return with_a_past(tmp_path_factory.mktemp("past"))


def copy_of(past: Books, folder: Path) -> Books:
    """The same home once more; the ledger's file is another one then, so it is looked at closely."""
    shutil.copytree(past.home, folder)
    return Books(folder, clock=type(past.clock)(past.clock.now_ms()))


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_whatever_happened_to_it_every_figure_is_there_again(
    past: Books, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    books = copy_of(past, tmp_path / "home")
    before = books.document
    damage(books.paths.ledger)
    harmed = books.paths.ledger.read_bytes() if books.paths.ledger.exists() else None

    after = books.work()

    assert figures(after) == figures(before)
    (sentence,) = books.problems
    assert sentence.endswith("everything that had been published is there.")
    (folder,) = books.paths.damaged.iterdir()
    assert json.loads((folder / "stats.json").read_bytes()) == before
    assert harmed is None or (folder / "ledger.db").read_bytes() == harmed
    made = [folder / name for name in ("stats.json", "report.json")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    report = json.loads((folder / "report.json").read_bytes())
    assert (report["missingTokens"], report["missingMessages"], report["missingTitleRequests"]) == (0, 0, 0)
    # And that was that: the next start finds nothing.
    assert figures(books.work()) == figures(before)
    assert len(list(books.paths.damaged.iterdir())) == 1


@pytest.mark.parametrize("left", ["the lines since the backup", "OpenCode's database", "the damaged file"])
def test_one_witness_is_enough(past: Books, tmp_path: Path, left: str) -> None:
    books = copy_of(past, tmp_path / "home")
    before = books.document
    if left != "the lines since the backup":
        shutil.rmtree(books.paths.kept_spool)
    if left == "the damaged file":
        # OpenCode forgot, there never was a backup, and the lines are gone.
        books.with_database = False
        shutil.rmtree(books.paths.backups)
    sums_changed(books.paths.ledger)

    after = books.work()

    assert after["total"]["models"] == before["total"]["models"]


def test_what_nobody_knows_any_more_is_told_to_the_token(past: Books, tmp_path: Path) -> None:
    books = copy_of(past, tmp_path / "home")
    before = books.document["total"]
    shutil.rmtree(books.paths.kept_spool)
    books.with_database = False
    books.paths.ledger.write_bytes(b"gone" * 5000)

    total = books.work()["total"]

    tokens = before["totalTokens"] - total["totalTokens"]
    messages = before["messages"] - total["messages"]
    titles = before["titleRequests"] - total["titleRequests"]
    assert (tokens > 0, messages, titles) == (True, 32, 8)
    (sentence,) = books.problems
    assert f"at least {tokens} tokens, {messages} messages and {titles} title requests" in sentence
    (folder,) = books.paths.damaged.iterdir()
    report = json.loads((folder / "report.json").read_bytes())
    assert (report["missingTokens"], report["missingMessages"]) == (tokens, messages)
    assert report["startedFrom"] == backups(books.paths.backups)[0].path.name


def test_a_backup_that_is_damaged_itself_is_passed_over(past: Books, tmp_path: Path) -> None:
    books = copy_of(past, tmp_path / "home")
    before = books.document
    books.clock.advance(90_000)
    books.back_up()
    newest, older = backups(books.paths.backups)
    newest.path.write_bytes(newest.path.read_bytes()[:20_000])
    books.paths.ledger.write_bytes(b"gone")

    assert figures(books.work())["total"] == figures(before)["total"]
    (folder,) = books.paths.damaged.iterdir()
    assert json.loads((folder / "report.json").read_bytes())["startedFrom"] == older.path.name


def test_an_older_ledger_in_its_place_is_noticed(past: Books, tmp_path: Path) -> None:
    books = copy_of(past, tmp_path / "home")
    older = backups(books.paths.backups)[0].path.read_bytes()
    before = books.document
    books.clock.advance(90_000)
    books.back_up()
    shutil.rmtree(books.paths.kept_spool)
    books.paths.ledger.write_bytes(older)

    assert figures(books.work())["total"] == figures(before)["total"]
    assert len(books.problems) == 1


@pytest.mark.parametrize("seed", range(RANDOM_DAMAGES // 10))
def test_damage_at_random_never_makes_a_wrong_figure(past: Books, tmp_path: Path, seed: int) -> None:
    for number in range(10):
        books = copy_of(past, tmp_path / str(number))
        chances = random.Random(seed * 1000 + number)
        what = [at_random(books.paths.ledger, chances) for _ in range(chances.randint(1, 2))]

        after = books.work()

        assert figures(after) == figures(past.document), what
        shutil.rmtree(books.home)


@pytest.mark.parametrize("seed", range(WITNESSES_GONE // 10))
def test_with_nobody_left_to_ask_a_wrong_figure_is_never_silent(past: Books, tmp_path: Path, seed: int) -> None:
    before = past.document["total"]
    for number in range(10):
        books = copy_of(past, tmp_path / str(number))
        shutil.rmtree(books.paths.kept_spool)
        shutil.rmtree(books.paths.backups)
        books.with_database = False
        chances = random.Random(seed * 1000 + number)
        what = at_random(books.paths.ledger, chances)

        total = books.work()["total"]

        # A byte of a model's name is proven by nothing: then one model has too little, and another what is too much.
        missing = sum(
            max(0, model["totalTokens"] - total["tokensByModel"].get(key, 0)) for key, model in before["models"].items()
        )
        assert total["totalTokens"] <= before["totalTokens"], what
        if total["models"] != before["models"]:
            (sentence,) = books.problems
            assert f"at least {missing} tokens" in sentence, what
        shutil.rmtree(books.home)

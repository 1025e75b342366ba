"""A file for each workspace: its name, what is in it, and when it is written."""

from __future__ import annotations

import errno
import json
import stat
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.files import FaultyFiles, fault_for, no_fault

from opencode_stats.core.history import NO_FIGURES, Figures
from opencode_stats.publish.workspace_files import MOST_AT_ONCE, WorkspaceFiles, file_name

if TYPE_CHECKING:
    from pathlib import Path

DAY = "2026-11-21"
SOME = Figures(input=5, cache_read=2, cost_microusd=1_500_000, messages=1, active_ms=9)
MORE = Figures(input=6, cost_microusd=2_000_000, messages=2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tmp").mkdir()
    return tmp_path / "workspaces"


def publisher(folder: Path) -> WorkspaceFiles:
    return WorkspaceFiles(FaultyFiles(no_fault), folder, folder.parent / "tmp")


def read(folder: Path, directory: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / file_name(directory)).read_bytes())
    return document


def test_what_is_in_it(folder: Path) -> None:
    assert publisher(folder).publish({"/w/Ä": (SOME, MORE)}, DAY, 77)

    kinds = {"input": 5, "output": 0, "reasoning": 0, "cacheRead": 2, "cacheWrite": 0}
    document = read(folder, "/w/Ä")
    assert document["daily"] == {"date": DAY, "totalTokens": 7, "tokens": kinds, "totalCost": 1.5, "messages": 1}
    assert (document["schemaVersion"], document["directory"], document["generatedAt"]) == (1, "/w/Ä", 77)
    assert document["keptFrom"] is None
    assert (document["total"]["totalTokens"], document["total"]["totalCost"]) == (6, 2.0)
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert list((folder.parent / "tmp").iterdir()) == []


def test_since_when_it_is_known_is_no_news_but_told_with_news(folder: Path) -> None:
    one = publisher(folder)
    one.publish({"/w": (SOME, MORE)}, DAY, 1, 500)
    assert read(folder, "/w")["keptFrom"] == 500
    one.publish({"/w": (SOME, MORE)}, DAY, 2, 600)
    assert (read(folder, "/w")["keptFrom"], read(folder, "/w")["generatedAt"]) == (500, 1)
    one.publish({"/w": (SOME, SOME)}, DAY, 3, 600)
    assert (read(folder, "/w")["keptFrom"], read(folder, "/w")["generatedAt"]) == (600, 3)


@pytest.mark.parametrize("restarted", [False, True])
def test_it_is_written_when_there_is_something_new(folder: Path, restarted: bool) -> None:
    one = publisher(folder)
    told = []
    for at_ms, date, today, total in (
        (1, DAY, SOME, SOME),
        (2, DAY, SOME, SOME),
        (3, "2026-11-22", NO_FIGURES, SOME),
        (4, "2026-11-22", SOME, MORE),
        (5, "2026-11-22", SOME, SOME),
    ):
        one = publisher(folder) if restarted else one
        one.publish({"/w": (today, total)}, date, at_ms)
        told.append((read(folder, "/w")["generatedAt"], read(folder, "/w")["daily"]["date"]))

    assert told == [(1, DAY), (1, DAY), (1, DAY), (4, "2026-11-22"), (5, "2026-11-22")]


def test_many_are_written_in_turns(folder: Path) -> None:
    one = publisher(folder)
    used = {f"/w/{number}": (SOME, SOME) for number in range(MOST_AT_ONCE + 1)}

    assert not one.publish(used, DAY, 1)
    assert len(list(folder.iterdir())) == MOST_AT_ONCE
    assert one.publish(used, DAY, 2)
    assert len(list(folder.iterdir())) == MOST_AT_ONCE + 1


@pytest.mark.parametrize("there", [b"", b"[]", b"{", b'{"total": 1}'])
def test_what_somebody_put_there_is_replaced(folder: Path, there: bytes) -> None:
    folder.mkdir(mode=0o700)
    (folder / file_name("/w")).write_bytes(there)

    publisher(folder).publish({"/w": (SOME, SOME)}, DAY, 1)

    assert read(folder, "/w")["generatedAt"] == 1


def test_one_that_could_not_be_written_is_written_later(folder: Path) -> None:
    files = FaultyFiles(fault_for(file_name("/w"), "replace", errno.ENOSPC))
    one = WorkspaceFiles(files, folder, folder.parent / "tmp")
    with pytest.raises(OSError, match="No space"):
        one.publish({"/w": (SOME, SOME)}, DAY, 1)

    assert list(folder.iterdir()) == list((folder.parent / "tmp").iterdir()) == []
    assert publisher(folder).publish({"/w": (SOME, SOME)}, DAY, 2)


@pytest.mark.parametrize(
    ("directory", "begins"),
    [
        ("/home/me/My Project", "My-Project-"),
        ("/", "root-"),
        ("/w/..", "root-"),
        ("../../etc/passwd", "passwd-"),
        ("/w/a\nb\0c", "a-b-c-"),
        ("/w/.hidden/", "hidden-"),
        ("C:\\Users\\x", "C--Users-x-"),
        ("/w/" + "x" * 4_000, "x" * 40 + "-"),
        ("/w/\ud800", "root-"),
    ],
)
def test_the_name_of_a_file_is_harmless(directory: str, begins: str) -> None:
    name = file_name(directory)

    assert name.startswith(begins)
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.")
    assert (len(name) <= 62, name.count("."), name.endswith(".json")) == (True, 1, True)


def test_no_two_workspaces_share_a_file() -> None:
    assert len({file_name(directory) for directory in ("/a/w", "/b/w", "/a/w/", "/a/W", "w")}) == 5

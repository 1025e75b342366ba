"""Where an export goes: what is left where it was killed, and what is on the disk when its name is there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from opencode_stats.cli.sink import sink

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_what_killed_exports_of_this_file_left_goes_after_a_day(tmp_path: Path) -> None:
    names = ("a.csv.1a2b.part", "a.csv.new.part", "b.csv.1a2b.part", "a.csv.part.txt", "a.csv")
    for name in names:
        (tmp_path / name).touch()
        if "new" not in name:
            os.utime(tmp_path / name, (1, 1))

    with sink(str(tmp_path / "a.csv")) as out:
        assert sum(name.endswith(".part") for name in os.listdir(tmp_path)) == 3
        out.text.write("x")

    assert sorted(os.listdir(tmp_path)) == sorted(set(names) - {"a.csv.1a2b.part"})
    assert (tmp_path / "a.csv").read_text() == "x"


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, list[str]]] = []
    monkeypatch.setattr(os, "fsync", lambda number: seen.append((os.fstat(number).st_size, os.listdir(tmp_path))))

    with sink(str(tmp_path / "a.csv")) as out:
        out.text.write("x" * 100_000)

    ((size_bytes, (name,)),) = seen
    assert (size_bytes, name.endswith(".part")) == (100_000, True)

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from opencode_stats.ingest import kept
from opencode_stats.ingest.kept import bring_back, drop_covered, keep, trim

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    (tmp_path / "spool").mkdir()
    return tmp_path / "spool"


def put_away(spool: Path, name: str, at_ms: int, content: bytes = b"line\n") -> None:
    (spool / name).write_bytes(content)
    keep(spool / name, spool.parent / "kept", at_ms)


def there(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_put_away_comes_back_under_its_own_name(spool: Path) -> None:
    put_away(spool, "1-1-aaaaaaaa.jsonl", 10)
    put_away(spool, "2-2-bbbbbbbb.jsonl", 20)
    assert there(spool) == []

    assert bring_back(spool.parent / "kept", spool) == 2
    assert there(spool) == ["1-1-aaaaaaaa.jsonl", "2-2-bbbbbbbb.jsonl"]
    assert bring_back(spool.parent / "kept", spool) == 0


def test_a_name_that_is_taken_is_not_overwritten(spool: Path) -> None:
    put_away(spool, "1-1-aaaaaaaa.jsonl", 10, b"old\n")
    (spool / "1-1-aaaaaaaa.jsonl").write_bytes(b"new\n")

    bring_back(spool.parent / "kept", spool)

    assert (spool / "1-1-aaaaaaaa.jsonl").read_bytes() == b"new\n"
    assert (spool / "10_1-1-aaaaaaaa.jsonl").read_bytes() == b"old\n"


def test_only_what_was_finished_before_is_let_go(spool: Path) -> None:
    for at_ms in (10, 20, 30):
        put_away(spool, f"{at_ms}.jsonl", at_ms)

    assert drop_covered(spool.parent / "kept", 20) == 1
    assert there(spool.parent / "kept") == ["20_20.jsonl", "30_30.jsonl"]


def test_the_oldest_go_where_there_is_too_much(spool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST_BYTES", 10)
    for at_ms in (9, 10, 11):
        put_away(spool, f"{at_ms}.jsonl", at_ms, b"12345")
    trim(spool.parent / "kept")

    assert there(spool.parent / "kept") == ["10_10.jsonl", "11_11.jsonl"]


def test_nothing_was_ever_kept(tmp_path: Path) -> None:
    assert drop_covered(tmp_path / "none", 1) == bring_back(tmp_path / "none", tmp_path) == 0

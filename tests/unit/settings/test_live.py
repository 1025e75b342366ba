"""An exporter's settings: each change is seen, and a wrong file changes nothing, not even over a restart."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from opencode_stats.settings import Settings
from opencode_stats.settings.live import LiveSettings, for_reader, last_good

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "settings.toml"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "settings.good.toml"


def test_a_file_that_comes_changes_and_goes(file: Path, kept: Path) -> None:
    live = LiveSettings(file, kept)
    seen = [live.look()]
    for text in ("linger_s = 1\n", "linger_s = 2\n", "linger_s = 22\n"):
        file.write_text(text)
        seen.append(live.look())
    file.unlink()
    seen.append(live.look())

    assert [one.linger_s for one in seen] == [600, 1, 2, 22, 600]
    assert not kept.exists()


def test_a_file_that_stays_is_not_read_again(file: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("linger_s = 1\n")
    live = LiveSettings(file, kept)
    first = live.look()

    monkeypatch.setattr("opencode_stats.settings.live.text_of", lambda _: pytest.fail("it was read"))

    assert live.look() is first


@pytest.mark.parametrize("wrong", ["linger_s = -1\n", "linger_s = \n", "\0"])
def test_while_it_is_wrong_the_last_good_hold(
    file: Path, kept: Path, wrong: str, caplog: pytest.LogCaptureFixture
) -> None:
    file.write_text("linger_s = 1\n")
    live = LiveSettings(file, kept)
    live.look()
    file.write_text(wrong)

    assert live.look().linger_s == 1
    assert str(file) in live.trouble
    assert live.look().linger_s == 1
    after_restart = LiveSettings(file, kept)
    assert (after_restart.look().linger_s, after_restart.trouble) == (1, live.trouble)
    assert for_reader(file, kept) == (
        Settings(linger_s=1),
        f"{live.trouble} Until it is mended, what was set before holds.",
    )
    assert [record.message.split()[0] for record in caplog.records if record.levelno >= logging.WARNING] == [
        "settings.wrong",
        "settings.wrong",
    ]
    file.write_text("linger_s = 3\n")
    assert (live.look().linger_s, live.trouble) == (3, "")


def test_wrong_from_the_first_day(file: Path, kept: Path) -> None:
    file.write_text("linger_s = -1\n")
    live = LiveSettings(file, kept)

    assert live.look() == Settings()
    assert live.trouble
    assert not kept.exists()


def test_a_copy_of_another_version(kept: Path) -> None:
    kept.write_text("linger_s = 'long'\n")

    assert last_good(kept) == Settings()
    assert last_good(None) == Settings()


def test_unknown_keys_are_logged_once(file: Path, kept: Path, caplog: pytest.LogCaptureFixture) -> None:
    live = LiveSettings(file, kept)
    for text in ("lingers = 1\n", "lingers = 2\n"):
        file.write_text(text)
        live.look()

    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == [
        "settings.unknown line 1: lingers: there is no such setting. Did you mean linger_s?"
    ]
    assert live.trouble == ""


def test_fixed_settings_need_no_file() -> None:
    assert LiveSettings(None, None, start=Settings(linger_s=4)).look().linger_s == 4

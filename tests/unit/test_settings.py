"""The user's settings, read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from opencode_stats.errors import UserError
from opencode_stats.settings import Settings, read_settings

if TYPE_CHECKING:
    from pathlib import Path


def test_no_file_means_the_defaults(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "none.toml") == Settings(
        autostart=False, linger_s=600, day_start_hour=0, inactive_after_minutes=15
    )


def test_what_is_chosen_and_what_is_not_known(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("day_start_hour = 5\nlinger_s = 0\nof_the_future = 'x'\n")

    assert read_settings(file) == Settings(linger_s=0, day_start_hour=5)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("day_start_hour = 24", "day_start_hour"),
        ("day_start_hour = -1", "day_start_hour"),
        ("day_start_hour = 4.0", "day_start_hour"),
        ("day_start_hour = true", "day_start_hour"),
        ("linger_s = -1", "linger_s"),
        ("inactive_after_minutes = -1", "inactive_after_minutes"),
        ("inactive_after_minutes = 10081", "inactive_after_minutes"),
        ("inactive_after_minutes = 0.5", "inactive_after_minutes"),
        ("autostart = 1", "autostart"),
        ("= 1", "not valid TOML"),
    ],
)
def test_what_a_setting_can_not_be(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(text)

    with pytest.raises(UserError, match=named):
        read_settings(file)

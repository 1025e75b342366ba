"""The user's settings, read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from opencode_stats.errors import UserError
from opencode_stats.settings import Settings, read_settings
from opencode_stats.settings.reading import understand

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


def test_every_fault_is_told_with_its_line() -> None:
    found = understand("# mine\nday_start_hour = 24\n\nlinger_s = 5\ninactive_after_minutes = [\n  1,\n]\n")

    assert [str(fault) for fault in found.faults] == [
        "line 2: day_start_hour: it is 24, and wants a whole number from 0 to 23",
        "line 5: inactive_after_minutes: it is an array, and wants a whole number from 0 to 10080",
    ]
    assert found.settings == Settings(linger_s=5)


def test_a_file_with_faults_is_not_used_in_part(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("linger_s = 5\nday_start_hour = 24\nautostart = 2\n")

    with pytest.raises(UserError, match=r"settings\.toml can't be used: line 2: day_start_hour: .* \(and 1 more"):
        read_settings(file)


def test_unknown_keys_are_named_with_the_nearest_known_one() -> None:
    found = understand("day_strat_hour = 3\n\n[zzz]\na = 1\n")

    assert found.faults == ()
    assert [str(fault) for fault in found.unknown] == [
        "line 1: day_strat_hour: there is no such setting. Did you mean day_start_hour?",
        "line 3: zzz: there is no such setting.",
    ]


def test_text_that_is_no_text(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_bytes(b"a = '\xff'\n")

    with pytest.raises(UserError, match="not UTF-8"):
        read_settings(file)
    with pytest.raises(UserError, match="can't be read"):
        read_settings(tmp_path)


@pytest.mark.parametrize("text", ['currency = "EUR"\n', 'linger_s = 5\ncurrency = "CHF"\n'])
def test_a_currency_wants_its_rate(text: str) -> None:
    """Else dollars would be shown under its name."""
    found = understand(text)

    (fault,) = found.faults
    assert fault.key == "currency"
    assert fault.line == text.count("\n")
    assert "currency_rate" in fault.reason
    assert found.settings.currency == "USD"


@pytest.mark.parametrize(
    ("text", "per_usd"),
    [
        ("", 1.0),
        ('currency = "USD"', 1.0),
        ('currency = "EUR"\ncurrency_rate = 1', 1.0),
        ('currency_rate = 0.37\ncurrency = "EUR"', 0.37),
        # A dollar is a dollar: the rate waits for its currency, so the two can be set one after the other.
        ("currency_rate = 0.37", 1.0),
        ('currency = "USD"\ncurrency_rate = 0.37', 1.0),
    ],
)
def test_a_rate_is_that_of_the_currency(text: str, per_usd: float) -> None:
    found = understand(text)

    assert found.faults == ()
    assert found.settings.per_usd == per_usd


def test_of_a_currency_with_a_wrong_rate_only_the_rate_is_told() -> None:
    found = understand('currency = "EUR"\ncurrency_rate = 0\n')

    assert [fault.key for fault in found.faults] == ["currency_rate"]
    assert (found.settings.currency, found.settings.per_usd) == ("USD", 1.0)

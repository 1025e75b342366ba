"""The currency that the user set: in everything that shows amounts to people, and in nothing that is for programs."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest
from tests.support.script import Script

from opencode_stats.cli.published import read_published
from opencode_stats.cli.render.choice import Choice
from opencode_stats.cli.render.live import View, screen
from opencode_stats.cli.render.rate import Rate

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Call
    from tests.unit.daemon.household import Household

PAGES = (
    (),
    ("history",),
    ("history", "--split", "model"),
    ("models",),
    ("workspaces",),
    ("agents",),
    ("conversations", "--no-titles"),
    ("hosts",),
    ("audit",),
    ("limits",),
    ("prices", "openai/gpt-5"),
    ("statusline",),
    ("statusline", "--format", "waybar"),
    ("statusline", "--format", "{total.cost}"),
)
FOR_PROGRAMS = (
    ("--json",),
    *((command, "--json") for command in ("history", "models", "conversations", "hosts", "audit", "limits")),
    ("export",),
    ("export", "--by", "day", "--format", "json"),
)


@pytest.fixture
def spent(household: Household) -> Household:
    """Four dollars, just now, of a limit of eight."""
    script = Script(at_ms=time.time_ns() // 1_000_000 - 1_000).started().conversation("ses_a", directory="/w")
    household.write(script.answer("ses_a", input=650, cost_usd=4.0, directory="/w", agent="build"))
    household.paths.settings_file.parent.mkdir(parents=True)
    limit = '[[limits]]\nname = "week"\nwindow = "week"\nusd = 8\n'
    household.paths.settings_file.write_text(f'currency = "EUR"\ncurrency_rate = 0.37\n{limit}')
    return household


@pytest.mark.usefixtures("spent")
def test_every_page_is_in_it_and_names_it(call: Call) -> None:
    call()
    for page in PAGES:
        done = call(*page)

        assert done.returncode == 0, page
        assert " EUR" in done.stdout, page
        assert "$" not in done.stdout, page
        if page[0:1] != ("prices",):
            assert "1.48 EUR" in done.stdout, page


def test_the_live_view_is_in_it(spent: Household, call: Call) -> None:
    call()
    reading = read_published(spent.paths, time.time_ns() // 1_000_000)
    lines = screen(View(reading, "", Rate(0.0), 0.0, Choice()), 30, 100)
    text = "\n".join("".join(piece for _, piece in line) for line in lines)

    assert "0.00 EUR/h" in text
    assert "1.48 EUR" in text
    assert "$" not in text


@pytest.mark.usefixtures("spent")
def test_what_is_for_programs_is_in_dollars(call: Call) -> None:
    document = json.loads(call("--json").stdout)

    assert document["total"]["totalCost"] == 4.0
    assert document["currency"] == {"code": "EUR", "perUsd": 0.37}
    for asked in FOR_PROGRAMS:
        said = call(*asked).stdout
        assert "4.0" in said, asked
        assert "1.48" not in said, asked


def test_a_file_of_an_older_version_is_in_dollars(spent: Household, call: Call) -> None:
    document = json.loads(call("--json").stdout)
    del document["currency"]
    spent.paths.stats_file.write_text(json.dumps(document))

    assert "$4.00" in call("statusline").stdout


@pytest.mark.parametrize(
    "strange",
    [{"code": "EUR"}, {"code": "eur", "perUsd": 1}, {"code": "EUR", "perUsd": 0}, {"code": "EUR", "perUsd": "1"}, 5],
)
def test_a_currency_that_makes_no_sense_is_not_guessed(spent: Household, call: Call, strange: object) -> None:
    document = json.loads(call("--json").stdout)
    document["currency"] = strange
    spent.paths.stats_file.write_text(json.dumps(document))

    done = call("statusline")

    assert done.stdout == "\n"
    assert "is not as opencode-stats writes it" in done.stderr


def test_a_change_is_seen_with_the_next_figures(spent: Household, call: Call) -> None:
    call()
    spent.paths.settings_file.write_text('currency = "CHF"\ncurrency_rate = 2\n')

    assert "8.00 CHF" in call().stdout
    assert "8.00 CHF" in call("statusline").stdout


def test_it_is_set_after_its_rate_and_unset_before_it(spent: Household, call: Call) -> None:
    spent.paths.settings_file.write_text("")
    too_early = call("config", "set", "currency", "EUR")

    assert (too_early.returncode, spent.paths.settings_file.read_text()) == (2, "")
    assert too_early.stderr.count("\n") == 1
    assert "opencode-stats config set currency_rate" in too_early.stderr

    assert call("config", "set", "currency_rate", "0.37").returncode == 0
    assert "$4.00" in call().stdout
    assert call("config", "set", "currency", "EUR").returncode == 0
    assert "1.48 EUR" in call().stdout
    assert call("config", "unset", "currency_rate").returncode == 2
    assert call("config", "unset", "currency").returncode == 0
    assert call("config", "unset", "currency_rate").returncode == 0


def test_a_rate_without_a_currency_changes_no_dollars(spent: Household, call: Call) -> None:
    spent.paths.settings_file.write_text("currency_rate = 0.37\n")

    document = json.loads(call("--json").stdout)

    assert document["currency"] == {"code": "USD", "perUsd": 1}
    for page in ((), ("history",), ("audit",), ("statusline",)):
        assert "$4.00" in call(*page).stdout, page

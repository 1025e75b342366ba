"""The setting ``limits``: what it can be, where it is wrong, and how a command changes it in the file."""

from __future__ import annotations

import tomllib

import pytest
import tomlkit

from opencode_stats.core.limits import Limit
from opencode_stats.errors import UserError
from opencode_stats.settings.editing_limits import with_limit, without_limit
from opencode_stats.settings.reading import understand

TEXT = """\
# mine
linger_s = 5

[[limits]] # the plan's
name = "5-hour"
window = "5h"
tokens = 2_000_000

[[limits]]
name = "weekly" # every week
window = "week"
usd = 12.345678
provider = "anthropic"
warning = 60
critical = 90
"""


def test_what_is_set() -> None:
    found = understand(TEXT)

    assert found.faults == ()
    assert found.settings.limits == (
        Limit(name="5-hour", window="5h", unit="tokens", amount=2_000_000),
        Limit(
            name="weekly",
            window="week",
            unit="usd",
            amount=12_345_678,
            of="provider",
            whose="anthropic",
            warning_percent=60,
            critical_percent=90,
        ),
    )


def test_a_warning_alone_may_be_above_the_usual_critical() -> None:
    (one,) = understand('limits = [{name = "a", window = "day", usd = 1, warning = 95}]').settings.limits

    assert (one.warning_percent, one.critical_percent) == (95, 95)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (('window = "5h"', 'window = "5x"'), "line 6: limits[1].window: it is neither"),
        (('window = "5h"\n', ""), "line 4: limits[1].window: it is neither"),
        (("tokens = 2_000_000", ""), "line 4: limits[1]: it wants either tokens or usd"),
        (("tokens = 2_000_000", "tokens = 1\nusd = 1"), "line 4: limits[1]: it wants either tokens or usd"),
        (("tokens = 2_000_000", "tokens = 0"), "line 7: limits[1].tokens: it is 0"),
        (("usd = 12.345678", "usd = 0.0000001"), "line 12: limits[2].usd: it is 1e-07"),
        (("usd = 12.345678", "usd = nan"), "line 12: limits[2].usd: it is nan"),
        (('name = "weekly"', 'name = "5-hour"'), "line 10: limits[2].name: another limit is called '5-hour', too"),
        (('name = "weekly"', 'name = "\\u001b"'), "line 10: limits[2].name"),
        (('name = "weekly"', ""), "line 9: limits[2].name: it is not there, and wants a name"),
        (("tokens = 2_000_000", "tokens = 9007199254740992"), "and wants a whole number from 1 to 9007199254740991"),
        (("usd = 12.345678", "usd = 1e300"), "it is 1e+300, and wants dollars, from 0.000001 to 1000000000"),
        (("warning = 60", "warning = 91"), "line 14: limits[2].warning: warning is above critical"),
        (("warning = 60", "waring = 60"), "line 14: limits[2].waring: there is no such key. Did you mean warning?"),
        (("warning = 60", 'agent = "build"'), "line 14: limits[2].agent: it is of provider and of agent"),
        (('provider = "anthropic"', 'workspace = "w"'), "line 13: limits[2].workspace: it is 'w', and wants the abs"),
        (("[[limits]] # the plan's", "[limits]"), "not valid TOML"),
    ],
)
def test_what_can_not_be(change: tuple[str, str], fault: str) -> None:
    (found, *_) = understand(TEXT.replace(*change, 1)).faults

    assert fault in str(found)


@pytest.mark.parametrize("value", ["5", "{}", "[5]", '["x"]'])
def test_what_is_no_list_of_tables(value: str) -> None:
    (fault,) = understand(f"limits = {value}").faults

    assert fault.key.startswith("limits")


def test_too_many() -> None:
    tables = "".join(f'[[limits]]\nname = "{number}"\nwindow = "day"\nusd = 1\n' for number in range(51))

    (fault,) = understand(tables).faults
    assert "50 are the most" in fault.reason


def changed(text: str, name: str, **chosen: object) -> str:
    document = tomlkit.parse(text)
    with_limit(document, name, chosen)
    return document.as_string()


def test_a_limit_is_changed_in_its_place() -> None:
    assert changed(TEXT, "weekly", usd=20.0) == TEXT.replace("12.345678", "20.0")
    other = tomllib.loads(changed(TEXT, "weekly", tokens=5, agent="build"))["limits"][1]
    assert other == {"name": "weekly", "window": "week", "warning": 60, "critical": 90, "tokens": 5, "agent": "build"}


@pytest.mark.parametrize(
    "text",
    ["", "linger_s = 5\n[other]\na = 1\n", TEXT, 'limits = [\n  {name = "a", window = "day", usd = 1}, # a\n]\n'],
)
def test_a_new_one_comes_behind_the_others(text: str) -> None:
    before = tomllib.loads(text)

    after = tomllib.loads(changed(text, "new", window="day", usd=1.0))

    new = {"name": "new", "window": "day", "usd": 1.0}
    assert after == {**before, "limits": [*before.get("limits", []), new]}


def test_removing_one_and_then_the_last() -> None:
    document = tomlkit.parse(TEXT)
    without_limit(document, "weekly")
    assert [one["name"] for one in tomllib.loads(document.as_string())["limits"]] == ["5-hour"]
    without_limit(document, "5-hour")
    assert tomllib.loads(document.as_string()) == {"linger_s": 5}
    assert document.as_string().startswith("# mine\nlinger_s = 5\n")

    with pytest.raises(UserError, match="no limit 'weekly'"):
        without_limit(document, "weekly")


def test_something_else_of_that_name() -> None:
    with pytest.raises(UserError, match="no list of tables"):
        changed("limits = 5", "a", window="day")

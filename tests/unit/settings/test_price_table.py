from __future__ import annotations

import pytest

from opencode_stats.core.cost import Price, Rate
from opencode_stats.settings.reading import understand

M = 1_000_000_000


def test_prices_are_read_as_they_are_written() -> None:
    found = understand(
        '[prices."mock/m/1"]\ninput = 1.5\noutput = 3\n[prices."my-plan/x"]\ninput = 0\noutput = 0\ncache_read = 0.1\n'
    )

    assert found.faults == ()
    assert found.settings.prices == {
        "mock/m/1": Price(Rate(M * 3 // 2, 3 * M)),
        "my-plan/x": Price(Rate(0, 0, M // 10)),
    }


@pytest.mark.parametrize(
    ("toml", "fault"),
    [
        ("prices = 3", "line 1: prices: it is 3, and wants tables"),
        ('[prices."mock/m"]\ninput = 1', "line 1: prices.mock/m: it has no output"),
        ('[prices."mock/m"]\ninput = 1\noutput = -2', "line 3: prices.mock/m.output: it is -2, and wants US dollars"),
        ('[prices."mock/m"]\ninput = 1\noutput = true', "line 3: prices.mock/m.output: it is true"),
        ('[prices."mock/m"]\ninput = 1\noutput = 2\nimage = 3', "line 4: prices.mock/m.image: a price has only"),
        ("[prices.mock]\ninput = 1\noutput = 2", "line 1: prices.mock: it is no model"),
        ("prices = {'a/b' = 2}", "line 1: prices.a/b: it is 2, and wants a table"),
        ("currency = 'eur'", "line 1: currency"),
        ("currency_rate = 0", "line 1: currency_rate"),
    ],
)
def test_what_is_no_price_is_told_with_its_line(toml: str, fault: str) -> None:
    (found,) = understand(toml).faults

    assert str(found).startswith(fault)

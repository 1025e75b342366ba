"""What ``--cost list`` is for the commands about the past: all usage at list prices, beside what was recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from opencode_stats.cli.say import say
from opencode_stats.core.cost import MICROUSD_PER_USD

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from opencode_stats.cli.asking import Surroundings
    from opencode_stats.cli.render.revalued import Row
    from opencode_stats.core.cost import Quote
    from opencode_stats.core.history import Key, Span
    from opencode_stats.core.revaluation import Revalued, Used
    from opencode_stats.core.totals import ModelId
    from opencode_stats.ledger.connection import Connection

_F = TypeVar("_F", bound="Callable[..., Any]")
LIST: Final = "list"


def cost_option(command: _F) -> _F:
    """Gives a command the option ``--cost``."""
    return click.option(
        "--cost",
        type=click.Choice(["recorded", LIST]),
        default="recorded",
        show_default=True,
        help="Costs as OpenCode recorded them, or beside them what all of it would cost at list prices.",
    )(command)


@dataclass(frozen=True, slots=True)
class Revaluation:
    """Usage by stretch of time and by what it is split by, and the prices that it is valued at."""

    stretches: Sequence[Span]
    by_stretch: Sequence[Mapping[Key, Used]]
    quotes: Mapping[ModelId, Quote]

    def rows(self, split: str, stretch: Mapping[Key, Used]) -> list[Row]:
        """A row for each of what that stretch is split by, the largest first."""
        from opencode_stats.cli.render.history import named  # noqa: PLC0415
        from opencode_stats.cli.render.revalued import Row  # noqa: PLC0415
        from opencode_stats.core.revaluation import revalued  # noqa: PLC0415

        found = [Row(named(key, split), revalued(used, self.quotes), foreign=True) for key, used in stretch.items()]
        return sorted(found, key=lambda row: (-row.worth.tokens, row.name))

    def periods(self, split: str | None) -> list[Row]:
        """A row for each stretch of time, with its parts where it is split."""
        from opencode_stats.cli.render.revalued import Row  # noqa: PLC0415
        from opencode_stats.core.revaluation import revalued, used_in_all  # noqa: PLC0415

        return [
            Row(
                span.name,
                revalued(used_in_all(stretch.values()), self.quotes),
                () if split is None else self.rows(split, stretch),
                said={"start": span.start_ms, "end": span.end_ms},
            )
            for span, stretch in zip(self.stretches, self.by_stretch, strict=True)
        ]

    @property
    def whole(self) -> Revalued:
        """All of it."""
        from opencode_stats.core.revaluation import revalued, used_in_all  # noqa: PLC0415

        return revalued(used_in_all(used for stretch in self.by_stretch for used in stretch.values()), self.quotes)


def quotes_now(here: Surroundings, connection: Connection) -> Mapping[ModelId, Quote]:
    """The prices of all models that were ever used, as far as they are known."""
    from opencode_stats.cli.surroundings import chosen  # noqa: PLC0415
    from opencode_stats.ledger.revaluation import models_used  # noqa: PLC0415
    from opencode_stats.opencode.price_lists import PriceLists  # noqa: PLC0415

    lists = PriceLists(here.paths.opencode_prices)
    quotes = lists.quotes(models_used(connection), chosen(here.paths).prices)
    if lists.trouble:
        say(f"opencode-stats: {lists.trouble}", err=True)
    return quotes


def revaluation(here: Surroundings, stretches: Sequence[Span], split: str) -> Revaluation:
    """The usage of these stretches, which touch, at the prices of this moment.

    Raises:
        OpencodeStatsError: the ledger can't be read.
    """
    from opencode_stats.cli.render.history import SPLITS  # noqa: PLC0415
    from opencode_stats.core.cost import step_sizes  # noqa: PLC0415
    from opencode_stats.ledger.revaluation import used_over  # noqa: PLC0415

    def ask(connection: Connection) -> Revaluation:
        quotes = quotes_now(here, connection)
        kind = SPLITS.get(split, "conversation")
        return Revaluation(stretches, used_over(connection, stretches, kind, step_sizes(quotes.values())), quotes)

    return here.ask(ask)


class ListColumns:
    """What ``export --cost list`` has besides, as the last columns of each row (``NAMES``)."""

    NAMES: Final = ("costAtListPrices", "priceOrigins", "unpricedTokens")

    def __init__(self, here: Surroundings, connection: Connection) -> None:
        self._connection = connection
        self._quotes = quotes_now(here, connection)

    def of_message(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """The cells of a row as ``ledger.export`` has it."""
        from opencode_stats.core.revaluation import used_in_request  # noqa: PLC0415
        from opencode_stats.core.tokens import Tokens  # noqa: PLC0415
        from opencode_stats.ledger.export import COLUMNS  # noqa: PLC0415

        said = dict(zip(COLUMNS, row, strict=True))
        tokens = Tokens(*(said[kind] for kind in ("input", "output", "reasoning", "cacheRead", "cacheWrite")))
        return self._cells(used_in_request((said["provider"], said["model"]), tokens, 0))

    def of_stretch(self, stretch: Span, split: str | None) -> Mapping[str, tuple[Any, ...]]:
        """The cells of each row of a stretch of time, by its name; of one that is not split under an empty name."""
        from opencode_stats.cli.render.history import SPLITS, named  # noqa: PLC0415
        from opencode_stats.core.cost import step_sizes  # noqa: PLC0415
        from opencode_stats.core.revaluation import used_in_all  # noqa: PLC0415
        from opencode_stats.ledger.revaluation import used_over  # noqa: PLC0415

        kind = SPLITS.get(split or "model", "conversation")
        (found,) = used_over(self._connection, [stretch], kind, step_sizes(self._quotes.values()))
        if split is None:
            return {"": self._cells(used_in_all(found.values()))}
        return {named(key, split): self._cells(used) for key, used in found.items()}

    def _cells(self, used: Used) -> tuple[Any, ...]:
        from opencode_stats.core.revaluation import revalued  # noqa: PLC0415

        worth = revalued(used, self._quotes)
        usd = None if worth.microusd is None else worth.microusd / MICROUSD_PER_USD
        origins = "; ".join(f"{source} {date}".rstrip() for source, date in worth.sources)
        return usd, origins or None, sum(worth.unpriced.values())

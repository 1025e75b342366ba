"""Histories for Hypothesis.

A history is drawn as a seed, an era and sizes, so a failing example prints as one line that ``history`` rebuilds; it
shrinks to fewer messages, fewer processes, a smaller seed and, where it can, to calm chances.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st
from tests.truth.history import History, history
from tests.truth.size import Chances, Size
from tests.truth.spool import Faults

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.truth.size import Era

SEEDS = st.integers(0, 2**20)


def sizes(
    most: int = 30, eras: Sequence[Era] = ("v1", "v2", "migrated"), chances: Chances | None = None
) -> st.SearchStrategy[Size]:
    """Sizes of up to ``most`` messages; ``chances`` None: calm or lively ones."""
    return st.integers(1, most).flatmap(
        lambda messages: st.builds(
            Size,
            messages=st.just(messages),
            era=st.sampled_from(list(eras)),
            processes=st.integers(1, 3),
            migrates_after=st.integers(1, messages),
            chances=st.sampled_from([Chances.calm(), Chances.lively()]) if chances is None else st.just(chances),
        )
    )


def histories(
    most: int = 30, eras: Sequence[Era] = ("v1", "v2", "migrated"), chances: Chances | None = None
) -> st.SearchStrategy[History]:
    """Histories of up to ``most`` messages (the last turn may add some), of any of these eras."""
    return st.builds(history, SEEDS, sizes(most, eras, chances))


def growths(
    most: int = 30, eras: Sequence[Era] = ("v1", "v2", "migrated"), chances: Chances | None = None
) -> st.SearchStrategy[list[History]]:
    """One history at two to four moments, the earliest first."""
    return st.builds(_grown, SEEDS, sizes(most, eras, chances), st.lists(st.integers(1, most), min_size=1, max_size=3))


def faults(*, lost: float = 0.0) -> st.SearchStrategy[Faults]:
    """Ways of delivery: repeated, by two copies of the plugin, out of order; and with lines lost where asked for."""
    return st.builds(
        Faults,
        seed=st.integers(0, 2**16),
        repeated=st.sampled_from([0.0, 0.3]),
        lost=st.sampled_from([0.0, lost]) if lost else st.just(0.0),
        second_copy=st.booleans(),
        reordered=st.booleans(),
        scrambled=st.booleans(),
    )


def _grown(seed: int, size: Size, moments: list[int]) -> list[History]:
    return [history(seed, size.of(messages)) for messages in sorted({*moments, size.messages})]

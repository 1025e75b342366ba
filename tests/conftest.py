"""What every test is handed, and how much hypothesis tries."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import HealthCheck, settings
from tests.support.clock import FakeClock
from tests.support.ledgers import ledger_in_memory

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

# No deadline: a busy machine is no defect. The database of examples is off, so that a run leaves nothing behind.
# Stories of whole processes are large examples, and that is what they are for.
LARGE = [HealthCheck.too_slow, HealthCheck.large_base_example, HealthCheck.data_too_large]
settings.register_profile("quick", max_examples=20, deadline=None, database=None, suppress_health_check=LARGE)
settings.register_profile("ci", max_examples=300, deadline=None, database=None, suppress_health_check=LARGE)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


# Whole folders of them; elsewhere a test says so itself.
PROCESSES: Final = {"demo", "fault", "fuzz", "security", "soak"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name in PROCESSES:
            item.add_marker(pytest.mark.processes)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def ledger() -> Iterator[sqlite3.Connection]:
    with ledger_in_memory() as connection:
        yield connection

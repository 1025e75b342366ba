"""Fixtures: OpenCode fetched once a session, stages per test or per module.

A machine where OpenCode cannot be had skips these tests; in CI that is a failure.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

pytest.register_assert_rewrite("tests.e2e.checks")

from tests.e2e.rig.fetch import OpenCodeMissing, fetched  # noqa: E402  # after its checks are registered
from tests.e2e.rig.prepared import prepared  # noqa: E402
from tests.e2e.rig.stage import Stage, stage  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TAIL_CHARACTERS = 2_000


@pytest.fixture(scope="session")
def program() -> Path:
    try:
        return fetched()
    except OpenCodeMissing as missing:
        if os.environ.get("CI"):  # whether this is CI is told nowhere else
            pytest.fail(f"CI needs OpenCode: {missing}")
        pytest.skip(f"no OpenCode: {missing}")


@pytest.fixture(scope="session")
def prepared_config(program: Path) -> Path:
    return prepared(program)


@pytest.fixture
def on_stage(program: Path, prepared_config: Path) -> Iterator[Stage]:
    """A fresh home with the plugin installed; no daemon runs."""
    with stage(program, prepared_config) as on_stage:
        yield on_stage
        tell(on_stage.home.logs)


@pytest.fixture(scope="module")
def shared_stage(program: Path, prepared_config: Path) -> Iterator[Stage]:
    """The same, shared by a module's tests."""
    with stage(program, prepared_config) as on_stage:
        yield on_stage
        tell(on_stage.home.logs)


def tell(logs: Path) -> None:
    """Print what the programs said: pytest shows it beside a failure."""
    for log in sorted(logs.iterdir()):
        text = log.read_text(errors="replace")
        if text:
            print(f"--- {log.name}\n{text[-TAIL_CHARACTERS:]}")

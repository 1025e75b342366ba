"""Each test has a bus of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.session_bus import Server, session_bus

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with session_bus(tmp_path) as there:
        yield there


@pytest.fixture
def server(address: str) -> Iterator[Server]:
    made = Server(address, "body", "body-markup", "actions")
    yield made
    made.close()

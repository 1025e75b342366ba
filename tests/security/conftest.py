"""Each test has a home of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.daemon.household import Household

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def household(tmp_path: Path) -> Household:
    (tmp_path / "tmp").mkdir()
    return Household(tmp_path)

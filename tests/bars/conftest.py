"""What the tests of bars are handed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

import pytest
from tests.bars.desk import IMAGES, Home, home

if TYPE_CHECKING:
    from collections.abc import Iterator


class Keep(Protocol):
    """Puts a picture into docs/images, where that was asked for."""

    def __call__(self, name: str, picture: bytes) -> None: ...


@pytest.fixture
def keep() -> Keep:
    def kept(name: str, picture: bytes) -> None:
        assert picture.startswith(b"\x89PNG")
        if os.environ.get("PICTURES"):
            (IMAGES / name).write_bytes(picture)

    return kept


@pytest.fixture
def on() -> Iterator[Home]:
    with home() as there:
        yield there

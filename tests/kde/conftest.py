"""A Plasma for the tests of this folder, which run in namespaces of their own: ``python -m tests.kde`` makes them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.e2e.rig.fetch import REPOSITORY
from tests.gnome.rig.world import World, world
from tests.kde.__main__ import CHROOT
from tests.kde.rig.plasma import MEASURED, Plasma, plasma

from release.plasmoid import plasmoid

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_ignore_collect() -> bool | None:
    """Without Plasma there is nothing to collect; who runs them says so (``tests/kde/__main__.py``)."""
    return None if CHROOT in os.environ else True


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in MEASURED:
        terminalreporter.write_line(line)


@pytest.fixture(scope="module")
def home() -> Iterator[World]:
    """A home in which nothing has run yet."""
    with world() as made:
        yield made


@pytest.fixture(scope="module")
def desk(home: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plasma]:
    """A Plasma with the widget of this checkout in its panel, started before there are figures."""
    name, content = plasmoid(REPOSITORY)
    package = tmp_path_factory.mktemp("packed") / name
    package.write_bytes(content)
    with plasma(Path(os.environ[CHROOT]), home.home.user, package) as started:
        yield started


@pytest.fixture(autouse=True)
def _no_complaints(desk: Plasma) -> Iterator[None]:
    """No test may leave a line about the widget in Plasma's log."""
    before = len(desk.complaints)
    yield
    assert desk.complaints[before:] == []

"""Shells for the tests of this folder, which run in namespaces of their own: ``python -m tests.gnome`` makes them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.gnome.rig.desk import CHROOT, MEASURED, Desk
from tests.gnome.rig.session import shell
from tests.gnome.rig.world import world

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).resolve().parents[2]


def pytest_ignore_collect() -> bool | None:
    """Without a Shell there is nothing to collect; who runs them says so (``tests/gnome/__main__.py``)."""
    return None if CHROOT in os.environ else True


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in MEASURED:
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def chroot() -> Path:
    return Path(os.environ[CHROOT])


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip of ``make extension``."""
    folder = tmp_path_factory.mktemp("zip")
    command = [sys.executable, "gnome_extension/tools/pack.py", str(folder)]
    done = subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, text=True)
    return Path(done.stdout.strip())


@pytest.fixture(scope="module")
def desk(chroot: Path, archive: Path) -> Iterator[Desk]:
    """A Shell with the extension enabled; no exporter runs, and there is no stats.json."""
    with world() as made, shell(chroot, made.home.user, extension=archive) as started:
        started.enable()
        yield Desk(made, started)


@pytest.fixture(scope="module")
def live_desk(desk: Desk) -> Iterator[Desk]:
    """The same with a real exporter at work."""
    with desk.world.exporter.daemon():
        yield desk


@pytest.fixture(autouse=True)
def _no_complaints(request: pytest.FixtureRequest) -> Iterator[None]:
    """No test may leave a line about the extension, or of an error in JavaScript, in the Shell's log."""
    if "desk" not in request.fixturenames:
        yield
        return
    made: Desk = request.getfixturevalue("desk")
    before = len(made.shell.complaints())
    yield
    assert made.shell.complaints()[before:] == []

"""Machines for the tests of this folder, which run in mounts of their own: ``python -m tests.packages`` makes them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.packages.__main__ import FRESH, WORKSHOP
from tests.packages.rig import older
from tests.packages.rig.machine import machine
from tests.packages.rig.readme import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.packages.rig.machine import Machine


def pytest_ignore_collect() -> bool | None:
    """Without machines there is nothing to collect; who runs them says so (``tests/packages/__main__.py``)."""
    return None if FRESH in os.environ else True


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``make dist`` makes."""
    folder = tmp_path_factory.mktemp("dist") / "dist"
    paths = f"{REPOSITORY}/packaging:{REPOSITORY}/exporter"
    env = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/root"), "PYTHONPATH": paths}
    subprocess.run([sys.executable, "-m", "release", folder], env=env, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def package(dist: Path) -> Path:
    (found,) = dist.glob("*.deb")
    return found


@pytest.fixture(scope="session")
def wheel(dist: Path) -> Path:
    (found,) = dist.glob("*.whl")
    return found


@pytest.fixture(scope="session")
def older_wheel(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    (sdist,) = dist.glob("*.tar.gz")
    return older.older_wheel(sdist, tmp_path_factory.mktemp("older"))


@pytest.fixture
def fresh() -> Iterator[Machine]:
    """A machine with nothing on it, and no network."""
    with machine(Path(os.environ[FRESH])) as made:
        yield made


@pytest.fixture
def online() -> Iterator[Machine]:
    """A machine with nothing on it, which reaches the package registries."""
    with machine(Path(os.environ[FRESH]), online=True) as made:
        yield made


@pytest.fixture(scope="module")
def workshop() -> Iterator[Machine]:
    """A machine with the tools that look at packages, and no network."""
    with machine(Path(os.environ[WORKSHOP])) as made:
        yield made

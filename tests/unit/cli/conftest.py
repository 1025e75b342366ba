"""Each test has a home of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from tests.unit.cli.patient import Patient
from tests.unit.daemon.household import Household

from opencode_stats.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def household(tmp_path: Path) -> Household:
    (tmp_path / "tmp").mkdir()
    return Household(tmp_path)


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


Call = Callable[..., Done]


@pytest.fixture
def call(household: Household, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Call:
    """The whole command line, in this process: a tenth of what a process costs."""
    for name in ("DATA_HOME", "STATE_HOME", "CONFIG_HOME", "CACHE_HOME", "RUNTIME_DIR"):
        monkeypatch.delenv(f"XDG_{name}", raising=False)
    for name in ("OPENCODE_DB", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in household.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(household.home)

    def run(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["opencode-stats", *arguments])
        capsysbinary.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsysbinary.readouterr()
        code = ended.value.code
        return Done(code if isinstance(code, int) else 0, said.out.decode(), said.err.decode())

    return run


@pytest.fixture
def patient(tmp_path: Path) -> Patient:
    return Patient(tmp_path)

"""The program's files under a process that runs: untouched, half installed, replaced, gone."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from opencode_stats.host.installation import Installation, changed_ms

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def package(tmp_path: Path) -> Path:
    package = tmp_path / "package"
    (package / "steps").mkdir(parents=True)
    for name in ("__init__.py", "loop.py", "steps/m001.sql"):
        (package / name).write_text("one\n")
    return package


def test_nothing_was_replaced(package: Path) -> None:
    installation = Installation(package)

    assert [installation.replaced() for _ in range(3)] == [False] * 3


@pytest.mark.parametrize("name", ["loop.py", "steps/m001.sql", "new.py"])
def test_one_file_is_enough_once_it_stays(package: Path, name: str) -> None:
    installation = Installation(package)
    draft = package / "draft"
    draft.write_text("two\n")
    os.utime(draft, (1, 1))
    os.replace(draft, package / name)

    assert [installation.replaced() for _ in range(3)] == [False, True, True]


def test_an_installer_at_work_is_waited_for(package: Path) -> None:
    installation = Installation(package)
    shutil.rmtree(package)
    assert [installation.replaced() for _ in range(2)] == [False, False]

    (package / "steps").mkdir(parents=True)
    (package / "__init__.py").write_text("two\n")
    assert installation.replaced() is False
    (package / "loop.py").write_text("two\n")
    assert [installation.replaced() for _ in range(2)] == [False, True]


def test_what_python_compiles_is_no_change(package: Path) -> None:
    installation, before_ms = Installation(package), changed_ms(package)
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "loop.pyc").write_text("compiled")

    assert [installation.replaced() for _ in range(2)] == [False, False]
    assert changed_ms(package) == before_ms > 0


def test_no_program_was_never_changed(tmp_path: Path) -> None:
    assert changed_ms(tmp_path / "none") == 0

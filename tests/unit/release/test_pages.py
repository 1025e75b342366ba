"""What the pages and the workflow say of packages is what there is."""

from __future__ import annotations

import re
import subprocess
import tomllib
from typing import TYPE_CHECKING

import pytest

from release.project import ROOT, read_project

if TYPE_CHECKING:
    from pathlib import Path

INSTALL = (ROOT / "docs" / "install.md").read_text("utf-8")
WORKFLOW = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")


def test_the_page_names_the_packages_of_this_version_and_every_library() -> None:
    project = read_project()

    names = re.findall(r"\bopencode[-_]stats[-_@](\d[\d.]*\d)", INSTALL)
    assert set(names) == {project.version}
    for library in {**project.libraries, **project.desktop}:
        assert f"`python3-{library}`" in INSTALL


@pytest.mark.processes
def test_the_workflow_calls_only_targets_that_there_are(tmp_path: Path) -> None:
    targets = " ".join(re.findall(r"\bmake ([a-z -]+)$", WORKFLOW, re.MULTILINE)).split()

    assert {"check", "processes", "test", "dist"} <= set(targets)
    for target in targets:
        command = ["make", "--dry-run", "--always-make", "PYTHON=true", target]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_the_workflow_has_every_python_that_we_say_we_support() -> None:
    metadata = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    prefix = "Programming Language :: Python :: "
    said = [each.removeprefix(prefix) for each in metadata["classifiers"] if each.startswith(prefix)]

    (listed,) = re.findall(r"^ +python: \[(.*)\]$", WORKFLOW, re.MULTILINE)

    assert re.findall(r'"([\d.]+)"', listed) == said
    assert metadata["requires-python"] == f">={said[0]}"

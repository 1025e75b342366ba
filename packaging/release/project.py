"""What the packages say of the program, read from pyproject.toml: said once, there."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT: Final = Path(__file__).resolve().parents[2]
_REQUIREMENT: Final = re.compile(r"([a-z-]+)>=([0-9.]+)(?:; sys_platform == 'linux')?")


@dataclass(frozen=True, slots=True)
class Project:
    """The program as its packages name it; ``libraries``: each that it needs, with its oldest version that will do.

    ``desktop`` are those that it does without where there is no desktop; ``authors``: as LICENSE names them.
    """

    name: str
    version: str
    summary: str
    python: str
    libraries: Mapping[str, str]
    desktop: Mapping[str, str]
    licences: tuple[str, ...]
    authors: str


def read_project(root: Path = ROOT) -> Project:
    """The project in this checkout.

    Raises:
        ValueError: something there is of a form that other packages can't be told.
    """
    table = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    return Project(
        table["name"],
        table["version"],
        table["description"],
        table["requires-python"].removeprefix(">="),
        dict(_requirement(text) for text in table["dependencies"]),
        dict(_requirement(text) for text in table["optional-dependencies"]["desktop"]),
        tuple(table["license"].split(" AND ")),
        " and ".join(author["name"] for author in table["authors"]),
    )


def _requirement(text: str) -> tuple[str, str]:
    found = _REQUIREMENT.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not NAME>=VERSION")
    return found[1], found[2]


def epoch_of(env: Mapping[str, str], root: Path = ROOT) -> int:
    """The one time that everything made carries, Unix seconds: ``SOURCE_DATE_EPOCH``, else that of the last commit.

    Source: reproducible-builds.org/specs/source-date-epoch.
    """
    given = env.get("SOURCE_DATE_EPOCH")
    if given:
        return int(given)
    # A checkout that belongs to somebody else, as in some CI, is still ours to read.
    command = ["git", "-c", "safe.directory=*", "log", "-1", "--format=%ct"]
    told = subprocess.run(command, cwd=root, env=dict(env), capture_output=True, text=True, check=True)  # noqa: S603
    return int(told.stdout)


def build_environment(env: Mapping[str, str], epoch_s: int) -> dict[str, str]:
    """The environment for the tools that build: the same time, language and zone on every machine."""
    kept = {name: env[name] for name in ("PATH", "HOME") if name in env}
    return {"PATH": os.defpath, **kept, "SOURCE_DATE_EPOCH": str(epoch_s), "LC_ALL": "C.UTF-8", "TZ": "UTC"}

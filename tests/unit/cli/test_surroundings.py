"""Where the user's home is."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from opencode_stats.cli.surroundings import home_of, places
from opencode_stats.errors import UserError


def test_the_environment_comes_first() -> None:
    assert home_of({"HOME": "/somewhere"}, lambda: "/registered") == Path("/somewhere")


@pytest.mark.parametrize("env", [{}, {"HOME": ""}, {"HOME": "relative/home"}])
def test_else_the_registered_one(env: dict[str, str]) -> None:
    assert home_of(env, lambda: "/registered") == Path("/registered")
    assert home_of(env) == Path(pwd.getpwuid(os.getuid()).pw_dir)


@pytest.mark.parametrize("registered", ["", "nowhere"])
def test_a_user_without_a_home(registered: str) -> None:
    with pytest.raises(UserError, match="Set HOME"):
        home_of({}, lambda: registered)


@pytest.mark.parametrize("name", ["HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"])
def test_a_folder_whose_name_is_not_utf8(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    for variable in ("XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv(name, os.fsdecode(b"/home/\xff"))

    with pytest.raises(UserError, match="not valid UTF-8"):
        places()

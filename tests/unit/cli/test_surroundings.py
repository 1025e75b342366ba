"""Where the user's home is."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from opencode_stats.cli.surroundings import home_of
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

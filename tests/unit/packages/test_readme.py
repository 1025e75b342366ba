"""What is read out of the README."""

from __future__ import annotations

import pytest
from tests.packages.rig import readme

TEXT = """\
# A program

## Install

On Debian: `apt install git make`.

```sh
# first this
make install     # sets everything up

opencode-stats
```

## Use

```sh
make test
```
"""


def test_a_section_ends_where_the_next_one_begins() -> None:
    assert "make install" in readme.section("Install", TEXT)
    assert "make test" not in readme.section("Install", TEXT)
    with pytest.raises(ValueError, match="no section 'Nowhere'"):
        readme.section("Nowhere", TEXT)


def test_its_packages_and_commands() -> None:
    assert readme.debian_packages(TEXT) == ["git", "make"]
    assert readme.commands(TEXT) == ["make install     # sets everything up", "opencode-stats"]


def test_the_readme_of_today_says_what_is_needed_and_what_to_type() -> None:
    assert {"git", "make", "python3", "python3-venv"} <= set(readme.debian_packages())
    assert any(line.startswith("make install") for line in readme.commands())

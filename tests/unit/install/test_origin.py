"""What removes the program. How each installer really leaves it is in tests/packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from opencode_stats.install.origin import addition_of, removal_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("left", "words"),
    [
        ("pipx_metadata.json", "pipx uninstall opencode-stats"),
        ("uv-receipt.toml", "uv tool uninstall opencode-stats"),
        ("pyvenv.cfg", "pip uninstall opencode-stats"),
    ],
)
def test_each_installer_is_known_by_what_it_leaves(tmp_path: Path, left: str, words: str) -> None:
    (tmp_path / left).touch()

    assert removal_of(tmp_path, tmp_path / "data") == words


@pytest.mark.parametrize(
    ("left", "words"),
    [
        ("pipx_metadata.json", "pipx inject opencode-stats dbus-fast"),
        ("uv-receipt.toml", "uv tool install --with dbus-fast, with the wheel that it was installed from,"),
        ("pyvenv.cfg", "pip install dbus-fast"),
    ],
)
def test_what_adds_a_library_is_that_installers_own(tmp_path: Path, left: str, words: str) -> None:
    (tmp_path / left).touch()

    assert addition_of(tmp_path, tmp_path / "data", "dbus-fast") == words
    assert addition_of(tmp_path / "venv", tmp_path, "dbus-fast") == "make install"


def test_the_environment_of_make_install_is_in_our_data_folder(tmp_path: Path) -> None:
    assert removal_of(tmp_path / "venv", tmp_path).startswith(f"make uninstall, or remove {tmp_path}/venv and ")

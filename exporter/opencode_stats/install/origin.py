"""How this copy of the program came onto the machine, and so how it goes again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def removal_of(prefix: Path, data: Path) -> str:
    """What removes the program in the environment ``prefix`` (``sys.prefix``), in words that stand in a sentence.

    pipx and uv leave a file of their own in an environment, and every installer its name in the package's ``INSTALLER``
    (packaging.python.org, "Recording installed projects").

    Args:
        prefix: the environment that runs.
        data: our data folder, which holds the environment of ``make install``.
    """
    if prefix == data / "venv":
        return f"make uninstall, or remove {prefix} and ~/.local/bin/opencode-stats"
    if (prefix / "pipx_metadata.json").is_file():
        return "pipx uninstall opencode-stats"
    if (prefix / "uv-receipt.toml").is_file():
        return "uv tool uninstall opencode-stats"
    return "apt remove opencode-stats, as root" if _installer() == "debian" else "pip uninstall opencode-stats"


def addition_of(prefix: Path, data: Path, library: str) -> str:
    """What adds a library to the program, in words that stand in a sentence; the arguments are as above."""
    if prefix == data / "venv":
        return "make install"
    if (prefix / "pipx_metadata.json").is_file():
        return f"pipx inject opencode-stats {library}"
    if (prefix / "uv-receipt.toml").is_file():
        # By name it would come from an index, which may not be where this one is from.
        return f"uv tool install --with {library}, with the wheel that it was installed from,"
    return f"apt install python3-{library}, as root," if _installer() == "debian" else f"pip install {library}"


def _installer() -> str:
    from importlib.metadata import PackageNotFoundError, distribution  # noqa: PLC0415 - slow to import

    try:
        return (distribution("opencode-stats").read_text("INSTALLER") or "").strip()
    except PackageNotFoundError:
        # Run from its sources.
        return ""

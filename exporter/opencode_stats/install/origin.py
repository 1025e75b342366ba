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


def _installer() -> str:
    from importlib.metadata import PackageNotFoundError, distribution  # noqa: PLC0415 - slow to import

    try:
        return (distribution("opencode-stats").read_text("INSTALLER") or "").strip()
    except PackageNotFoundError:
        # Run from its sources.
        return ""

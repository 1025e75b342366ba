"""stats.json as the readers of this package take it: parsed, and known to be ours."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from opencode_stats.cli.render.figures import Reading
from opencode_stats.errors import UserError
from opencode_stats.host.files import read_plain
from opencode_stats.host.lock import is_held

if TYPE_CHECKING:
    from opencode_stats.host.paths import Paths

FOREIGN: Final = (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError, OSError)
"""What comes of a document with other fields, other types, or instants that no calendar has."""


def read_published(paths: Paths, now_ms: int) -> Reading | None:
    """What stats.json says, as it lies there, and whether an exporter is at work; None where there is no such file.

    Raises:
        UserError: it can't be read, or something else, or a newer version, wrote it.
    """
    try:
        content = read_plain(paths.stats_file)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UserError(f"{paths.stats_file} can't be read: {error.strerror}.") from error
    # Which process it is does not matter to who only looks.
    return Reading(parsed(paths, content), now_ms, daemon_pid=int(is_held(paths.lock)))


def parsed(paths: Paths, content: bytes) -> dict[str, Any]:
    """The document that these bytes of stats.json are.

    Raises:
        UserError: something else, or a newer version, wrote them.
    """
    try:
        document: Any = json.loads(content.decode(), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise stranger(paths) from error
    version = document.get("schemaVersion") if isinstance(document, dict) else None
    if isinstance(version, int) and version > 1:
        raise UserError(f"{paths.stats_file} was written by a newer version. Update opencode-stats and try again.")
    if not isinstance(document, dict) or version != 1:
        raise stranger(paths)
    return document


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def stranger(paths: Paths) -> UserError:
    """What is said of a stats.json that is not ours."""
    return UserError(f"{paths.stats_file} is not as opencode-stats writes it. Move it away and try again.")

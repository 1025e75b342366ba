"""What a status bar can say of stats.json: a closed table of names, each with the text that stands for it now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from opencode_stats.cli.render.figures import cost_of_section, dollars, figure, named
from opencode_stats.cli.render.limits import percent
from opencode_stats.cli.render.text import compact

if TYPE_CHECKING:
    from collections.abc import Callable

    from opencode_stats.cli.render.figures import Reading

ALERT: Final = "! "
STALE: Final = "?"
_HOUR_MS: Final = 3_600_000
_LIVE_STATES: Final = ("waiting", "working", "idle")
"""What asks most for somebody's eyes first."""
_SECTIONS: Final = {"session": "session", "today": "daily", "total": "total"}


def state_of(document: dict[str, Any]) -> str:
    """One word for all live runs: ``waiting`` if one waits, else ``working``, ``idle``; ``ended``, or ``none``."""
    states = {run["state"] for run in document["sessions"]}
    for state in _LIVE_STATES:
        if state in states:
            return state
    return "none" if document["session"]["state"] == "none" else "ended"


def is_stale(reading: Reading) -> bool:
    """Whether the figures may be older than what OpenCode has done: nobody keeps them, though there was a need to.

    That is where OpenCode was running when they were written, and where the day that they show is over.
    """
    hours = reading.document["history"]["hours"]
    day_is_over = bool(hours) and reading.now_ms >= hours[-1]["startMs"] + _HOUR_MS
    return not reading.daemon_pid and (bool(reading.document["sessions"]) or day_is_over)


def fullest_limit(document: dict[str, Any]) -> dict[str, Any] | None:
    """The limit of which most is used, where the file has any (``name``, ``percent``, ``level``)."""
    limits = [limit for limit in document.get("limits", ()) if isinstance(limit.get("percent"), int | float)]
    return max(limits, key=lambda limit: float(limit["percent"]), default=None)


def percent_of(limit: dict[str, Any]) -> int:
    """How much of a limit is used, in whole percent from 0 to 100, as a bar's gauge takes it; cut, not rounded."""
    return max(0, min(100, int(limit["percent"])))


def _limit(reading: Reading) -> str:
    limit = fullest_limit(reading.document)
    return "" if limit is None else f"{named(limit.get('name', ''))} {percent(limit)}".lstrip()


def _workspace(reading: Reading) -> str:
    directories = [workspace["directory"] for workspace in reading.document["session"]["workspaces"]]
    return named(directories[0].rstrip("/").rpartition("/")[2] or directories[0]) if directories else ""


def _in_state(state: str) -> Callable[[Reading], str]:
    return lambda reading: figure(sum(run["state"] == state for run in reading.document["sessions"]))


def _section_values() -> dict[str, tuple[str, Callable[[Reading], str]]]:
    """The names that session, today and total have in common."""
    found: dict[str, tuple[str, Callable[[Reading], str]]] = {}
    for word, part in _SECTIONS.items():

        def of(key: str, shown: Callable[[Any], str], part: str = part) -> Callable[[Reading], str]:
            return lambda reading: shown(reading.document[part][key])

        def cost(part: str = part) -> Callable[[Reading], str]:
            return lambda reading: cost_of_section(reading.document[part], reading.currency)

        def list_value(part: str = part) -> Callable[[Reading], str]:
            # A file that an older exporter wrote has none.
            return lambda reading: dollars(reading.document[part].get("listValue", 0), reading.currency)

        def kind(key: str, part: str = part) -> Callable[[Reading], str]:
            return lambda reading: short(reading.document[part]["tokens"][key])

        found |= {
            f"{word}.tokens": ("all tokens, short: 1.23M", of("totalTokens", short)),
            f"{word}.exact": ("all tokens, to the last one", of("totalTokens", figure)),
            f"{word}.cost": ("recorded, or [worth at list prices], or unpriced", cost()),
            f"{word}.list_value": ("the worth at list prices of what cost nothing", list_value()),
            f"{word}.requests": ("requests to models", of("messages", figure)),
            f"{word}.model": ("the model with most tokens", of("models", lambda models: named(next(iter(models), "")))),
            f"{word}.input": ("input tokens, short", kind("input")),
            f"{word}.output": ("output tokens, short", kind("output")),
            f"{word}.reasoning": ("reasoning tokens, short", kind("reasoning")),
            f"{word}.cache_read": ("tokens read from the cache, short", kind("cacheRead")),
            f"{word}.cache_write": ("tokens written to the cache, short", kind("cacheWrite")),
        }
    return found


def short(number: object) -> str:
    """A count in three digits.

    Raises:
        ValueError: it is no count.
    """
    figure(number)
    return compact(number)  # type: ignore[arg-type]  # figure has looked


VALUES: Final[dict[str, tuple[str, Callable[[Reading], str]]]] = {
    **_section_values(),
    "state": (
        "waiting, working, idle, ended or none, of all that run",
        lambda reading: state_of(reading.document),
    ),
    "alert": (
        f"“{ALERT}” where an OpenCode waits for you, else nothing",
        lambda reading: ALERT if state_of(reading.document) == "waiting" else "",
    ),
    "stale": (
        f"“{STALE}” where the figures may be old, else nothing",
        lambda reading: STALE if is_stale(reading) else "",
    ),
    "runs": ("how many OpenCodes run", lambda reading: figure(len(reading.document["sessions"]))),
    "working": ("how many of them work", _in_state("working")),
    "waiting": ("how many of them wait for you", _in_state("waiting")),
    "attention": ("how many things ask for you", lambda reading: figure(len(reading.document["attention"]))),
    "workspace": ("the folder's name of the session", _workspace),
    "limit": ("the limit most used, and how much; nothing without any", _limit),
    "date": ("the day that today shows", lambda reading: named(reading.document["daily"]["date"])),
}
"""Name in a template → what it is, and how it is made. Nothing else can be named."""

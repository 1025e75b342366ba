"""A line for each kind of status bar, in which no name can be taken for that bar's own language."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from opencode_stats.cli.render.figures import named, table
from opencode_stats.cli.render.glance import fullest_limit, is_stale, percent_of, state_of
from opencode_stats.cli.render.template import filled

if TYPE_CHECKING:
    from collections.abc import Callable

    from opencode_stats.cli.render.figures import Reading
    from opencode_stats.cli.render.template import Template

DEFAULT_TEXT: Final = "{alert}{today.tokens} {today.cost}{stale}"
SHORT_TEXT: Final = "{alert}{today.tokens}{stale}"
WAITING_COLOUR: Final = "#e5a50a"
RESTING_COLOUR: Final = "#888888"
_TABLE_COLUMNS: Final = 60
_LONGEST_LINE: Final = 200
_MOST_LINES: Final = 30
_STATES: Final = {
    "waiting": "OpenCode waits for your answer.",
    "working": "OpenCode is working.",
    "idle": "OpenCode is idle.",
    "ended": "No OpenCode is running.",
    "none": "No OpenCode has run yet.",
}
_OLD: Final = "No exporter is running: these figures may be old."
_SYMBOL: Final = re.compile(r":(?=[^\s:]+:)")
_PANGO: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"})


@dataclass(frozen=True, slots=True)
class Shown:
    """What a bar is made of: ``reading`` is None where there are no figures, and ``reason`` says why then."""

    text: Template
    short: Template
    reading: Reading | None
    reason: str = ""


def plain_line(shown: Shown) -> str:
    """The text alone; names have lost what a terminal would obey when they were made."""
    return _text(shown, str)


def tmux_line(shown: Shown) -> str:
    """For ``#(…)`` in tmux, which reads formats and styles in what a command prints (tmux(1), FORMATS).

    Who waits is shown in reverse: its status line is of any colour, green as it comes.
    """
    return _coloured(shown, lambda text: text.replace("#", "##"), "#[reverse]", "#[noreverse]")


def polybar_line(shown: Shown) -> str:
    """For polybar, whose tags begin with ``%{``; it knows no escape, so a space of no width parts the two."""
    return _coloured(shown, _without_tags, f"%{{F{WAITING_COLOUR}}}", "%{F-}")


def waybar_line(shown: Shown) -> str:
    """In JSON and ASCII: text, tooltip and class, and percentage where there are limits (waybar-custom(5))."""
    reading = shown.reading
    if reading is None:
        return json.dumps({"text": "", "tooltip": _pango(shown.reason), "class": "none"})
    limit = fullest_limit(reading.document)
    classes = [_class_of(reading)]
    classes += ["stale"] if is_stale(reading) else []
    classes += [limit["level"]] if limit and limit.get("level") in ("warning", "critical") else []
    line: dict[str, Any] = {
        "text": filled(shown.text, reading, _pango),
        "tooltip": f"<tt>{_pango(chr(10).join(_details(reading)))}</tt>",
        "class": classes if len(classes) > 1 else classes[0],
    }
    return json.dumps(line | ({} if limit is None else {"percentage": percent_of(limit)}))


def i3blocks_lines(shown: Shown) -> str:
    """Three lines: the text, a shorter one, a colour where there is a reason for one (i3blocks(1))."""
    return "\n".join((_text(shown, str), _short(shown), _colour(shown))).rstrip("\n")


def i3blocks_json(shown: Shown) -> str:
    """The same as one line of JSON, for ``format=json`` with ``interval=persist``."""
    line = {"full_text": _text(shown, str), "short_text": _short(shown), "color": _colour(shown)}
    return json.dumps({key: value for key, value in line.items() if value or key == "full_text"})


def xbar_menu(shown: Shown) -> str:
    """The menu of xbar and SwiftBar: the title, a line of dashes, the details; a bar would begin parameters."""
    colour = _colour(shown)
    title = _unbarred(_text(shown, str)) or "-"
    below = [shown.reason] if shown.reading is None else _details(shown.reading)
    # xbar reads escapes, and so letters that were made harmless, where ansi is not false.
    menu = [f"{title} | emojize=false ansi=false{f' color={colour}' if colour else ''}", "---"]
    # A line that began with dashes would open a submenu.
    menu += [f"{_unbarred(line)} | font=Menlo trim=false emojize=false ansi=false" for line in below if line]
    return "\n".join(menu)


def _text(shown: Shown, escaped: Callable[[str], str]) -> str:
    return "" if shown.reading is None else filled(shown.text, shown.reading, escaped)


def _short(shown: Shown) -> str:
    return "" if shown.reading is None else filled(shown.short, shown.reading, str)


def _coloured(shown: Shown, escaped: Callable[[str], str], begin: str, end: str) -> str:
    text = _text(shown, escaped)
    waits = shown.reading is not None and state_of(shown.reading.document) == "waiting"
    return f"{begin}{text}{end}" if waits else text


def _colour(shown: Shown) -> str:
    if shown.reading is None:
        return ""
    state = state_of(shown.reading.document)
    if state == "waiting":
        return WAITING_COLOUR
    return RESTING_COLOUR if state in ("ended", "none") or is_stale(shown.reading) else ""


def _class_of(reading: Reading) -> str:
    state = state_of(reading.document)
    return "normal" if state == "ended" else state


def _details(reading: Reading) -> list[str]:
    """What is behind the figure, without anything that grows old by itself."""
    lines = [_STATES[state_of(reading.document)], "", *table(reading, _TABLE_COLUMNS)]
    if len(lines) > _MOST_LINES:
        lines = [*lines[:_MOST_LINES], "…"]
    problems = reading.document["exporter"]["health"]["problems"]
    below = [f"Caution: {named(problem['message'], _LONGEST_LINE)}" for problem in problems]
    below += [_OLD] if is_stale(reading) else []
    return [*lines, "", *below] if below else lines


def _pango(text: str) -> str:
    return text.translate(_PANGO)


def _without_tags(text: str) -> str:
    # A percent sign at the end would meet a brace at the beginning of what follows.
    return text.replace("%{", "%\u200b{") + ("\u200b" if text.endswith("%") else "")


def _unbarred(text: str) -> str:
    # SwiftBar draws what stands between two colons; the parameter against that is an error to xbar.
    return _SYMBOL.sub(":\u200b", text.replace("|", "¦"))

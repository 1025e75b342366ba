"""The live view: what is known, what was chosen and how large the terminal is, made into lines. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from opencode_stats.cli.render.blocks import Block, fitted
from opencode_stats.cli.render.choice import KEYS, SECTIONS, Choice
from opencode_stats.cli.render.figures import cost_of_model, cost_of_section, figure, named
from opencode_stats.cli.render.glance import is_stale, short
from opencode_stats.cli.render.limits import percent as used_percent
from opencode_stats.cli.render.limits import resets_in
from opencode_stats.cli.render.rate import BUCKET_S
from opencode_stats.cli.render.styled import Line, Style, bar, cut, line_of, line_width, spark, spread
from opencode_stats.cli.render.text import ago, compact, counted, moment, percent, span, width, wrapped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opencode_stats.cli.render.figures import Reading
    from opencode_stats.cli.render.rate import Rate
    from opencode_stats.cli.render.text import Currency

_WORDS: Final = {"session": "Session", "daily": "Today", "total": "Total"}
_MARKS: Final[dict[str, tuple[Style, str]]] = {
    "working": ("good", "● working"),
    "waiting": ("alert", "! waiting"),
    "idle": ("dim", "○ idle   "),
}
_KINDS: Final = {
    "finished": "has finished",
    "error": "ended with an error",
    "permission": "asks for a permission",
    "question": "asks a question",
    "inactive": "is silent",
    "limit": "is a limit that is nearly reached",
}
_NARROW: Final = 50
"""Below so many columns numbers are short."""
_SHORTEST_NAME: Final = 8
_READABLE_NAME: Final = 16
_LONGEST_NAME: Final = 60
_LONGEST_REASON: Final = 300
_LIMIT_BAR: Final = 20
_SHORTEST_BAR: Final = 6
_LONGEST_BAR: Final = 40
_RUN_MARK_COLUMNS: Final = 25
_FOOTER: Final = (("q", "quit"), ("?", "help"), ("tab", "section"), ("c", "cost/tokens"), ("p", "pause"))


@dataclass(frozen=True, slots=True)
class View:
    """What is shown: ``reading`` is None where there are no figures, ``note`` says why, or what is wrong otherwise.

    ``at_s`` is the instant on the clock of ``rate``.
    """

    reading: Reading | None
    note: str
    rate: Rate
    at_s: float
    choice: Choice


def screen(view: View, rows: int, columns: int) -> list[Line]:
    """At most ``rows`` lines of at most ``columns`` columns; the first is the top one.

    Raises:
        KeyError, TypeError, ValueError, AttributeError, OverflowError: the document is not one of ours.
    """
    if rows < 1 or columns < 1:
        return []
    if view.choice.help:
        blocks = [_title(view, columns), Block(_help(columns), 1)]
    elif view.reading is None:
        blocks = [_title(view, columns), _note(view.note, columns), _footer(columns)]
    else:
        blocks = _blocks(view, view.reading, columns)
    return [cut(line, columns) for line in fitted([block for block in blocks if block.lines], rows)]


def models_of(document: dict[str, Any], choice: Choice) -> list[tuple[str, dict[str, Any]]]:
    """The models of the chosen section, in the chosen order."""
    models: dict[str, dict[str, Any]] = document[choice.section]["models"]
    key = "cost" if choice.by_cost else "totalTokens"
    return sorted(models.items(), key=lambda entry: -entry[1][key])


def _blocks(view: View, reading: Reading, columns: int) -> list[Block]:
    return [
        _title(view, columns),
        _note(_trouble(view, reading), columns),
        _totals(view, reading, columns),
        Block([_pace(view, reading.currency, columns)], 5),
        _runs(reading, columns),
        _limits(reading, columns),
        _attention(reading),
        _models(view, reading, columns),
        _footer(columns),
    ]


def _title(view: View, columns: int) -> Block:
    status: tuple[Style, str] = ("good", "live")
    if view.choice.paused:
        status = ("alert", "paused")
    elif view.reading is None or not view.reading.daemon_pid:
        status = ("dim", "no exporter is running" if view.reading else "no figures")
    return Block([spread(line_of(("bold", "opencode-stats")), line_of(status), columns)], 6)


def _note(note: str, columns: int) -> Block:
    return Block([line_of(("alert", line)) for line in wrapped(note, columns)] if note else [], 1)


def _trouble(view: View, reading: Reading) -> str:
    if view.note:
        return view.note
    problems = [
        named(problem["message"], _LONGEST_REASON) for problem in reading.document["exporter"]["health"]["problems"]
    ]
    if problems:
        return f"Caution: {problems[0]}{f' (and {len(problems) - 1} more)' if len(problems) > 1 else ''}"
    return (
        "No exporter is running: these figures may be old. opencode-stats doctor tells more."
        if is_stale(reading)
        else ""
    )


def _totals(view: View, reading: Reading, columns: int) -> Block:
    document = reading.document
    tokens = {part: _count(document[part]["totalTokens"], columns) for part in SECTIONS}
    costs = {part: cost_of_section(document[part], reading.currency) for part in SECTIONS}
    widest = [max(map(len, texts.values())) for texts in (tokens, costs)]
    charts = {
        "daily": ("by hour ", [hour["totalTokens"] for hour in document["history"]["hours"]]),
        "total": ("14 days ", [day["totalTokens"] for day in document["history"]["days"]]),
    }
    start_ms = document["session"]["startTime"]
    lines: dict[str, Line] = {}
    for part in SECTIONS:
        chosen = part == view.choice.section
        text = f"{_WORDS[part]:<7}  {tokens[part]:>{widest[0]}}  {costs[part]:>{widest[1]}}"
        left = line_of(("accent", "▸ ") if chosen else "  ", ("bold" if chosen else "", text))
        right: Line = ()
        if part in charts:
            right = line_of(("dim", charts[part][0]), ("accent", spark(charts[part][1])))
        elif start_ms:
            right = line_of(("dim", f"since {moment(start_ms, reading.now_ms, reading.zone)}"))
        lines[part] = spread(left, right, columns)
    return Block([lines[part] for part in SECTIONS], 0, core=SECTIONS.index(view.choice.section))


def _pace(view: View, currency: Currency, columns: int) -> Line:
    pace = view.rate.pace(view.at_s)
    left = line_of(
        "  Rate     ", f"{compact(pace.tokens_per_minute)} tokens/min  {currency.amount(pace.usd_per_hour)}/h"
    )
    room = columns - line_width(left) - 2
    values = view.rate.buckets(view.at_s, max(0, room - 8))
    minutes = round(len(values) * BUCKET_S / 60)
    label = f"{minutes}m "
    return spread(left, line_of(("dim", label), ("good", spark(values))), columns) if minutes else left


def _runs(reading: Reading, columns: int) -> Block:
    runs = reading.document["sessions"]
    if not runs:
        since_ms = reading.document["session"]["idleSince"]
        ended = f"; the last one ended {ago(since_ms, reading.now_ms)}" if since_ms else ""
        return Block([line_of(("dim", f"No OpenCode is running{ended}."))], 3)
    lines = [_heading(counted(len(runs), "OpenCode"))]
    figures = [(_count(run["totalTokens"], columns), cost_of_section(run, reading.currency)) for run in runs]
    widest = [max(len(pair[part]) for pair in figures) for part in (0, 1)]
    room = columns - _RUN_MARK_COLUMNS - widest[0] - widest[1] - 4
    names = _name_columns([_folder(run) for run in runs], room)
    for run, (tokens, cost) in zip(runs, figures, strict=True):
        right = line_of(f"  {tokens:>{widest[0]}}  {cost:>{widest[1]}}")
        lines.append(_with_name(_run_mark(run, reading.now_ms), _folder(run), names, right, columns))
    return Block(lines, 3, 2)


def _run_mark(run: dict[str, Any], now_ms: int) -> Line:
    style, text = _MARKS.get(run["state"], ("dim", f"○ {named(run['state'], 7):<7}"))
    since = span((now_ms - run["idleSince"]) / 1000) if run["idleSince"] else ""
    return line_of("  ", (style, text), ("dim", f"  {since:<10}  "))


def _folder(run: dict[str, Any]) -> str:
    directories = [workspace["directory"] for workspace in run["workspaces"]]
    if not directories:
        return "(no folder yet)"
    more = f" +{len(directories) - 1}" if len(directories) > 1 else ""
    return f"{directories[0]}{more}"


def _attention(reading: Reading) -> Block:
    items = reading.document["attention"]
    if not items:
        return Block([], 2)
    lines = [_heading(f"{counted(len(items), 'thing')} {'asks' if len(items) == 1 else 'ask'} for you")]
    for item in items:
        kind = _KINDS.get(item["kind"], named(item["kind"]))
        if item["kind"] == "limit" and type(item.get("percent")) is int:
            kind = f"is used to {item['percent']}%"
        where = named(item.get("limit") or item["workspace"] or "an OpenCode", _LONGEST_NAME)
        lines.append(
            line_of("  ", ("alert", "! "), f"{where} {kind}", ("dim", f", {ago(item['atMs'], reading.now_ms)}"))
        )
    return Block(lines, 2, 2)


def _limits(reading: Reading, columns: int) -> Block:
    limits = reading.document.get("limits", ())
    if not limits:
        return Block([], 3)
    lines = [_heading("Limits")]
    texts = [f" {used_percent(limit)}" for limit in limits]
    numbers = max(map(len, texts))
    ends = [f"  {resets_in(limit, reading.now_ms)}" if limit["resetsAtMs"] else "" for limit in limits]
    bars = _LIMIT_BAR if columns >= _NARROW else 0
    room = columns - numbers - bars - 4
    # How much is used is shown whatever the name; when it ends, where that leaves a name that can be read.
    if room - max(map(len, ends)) >= _READABLE_NAME:
        room -= max(map(len, ends))
    else:
        ends = [""] * len(ends)
    names = _name_columns([limit["name"] for limit in limits], max(_SHORTEST_NAME, room))
    for limit, text, resets in zip(limits, texts, ends, strict=True):
        style: Style = "alert" if limit["level"] in ("warning", "critical") else "accent"
        drawn = f"  {bar((limit['percent'] or 0) / 100, bars)}" if bars else ""
        right = line_of((style, drawn), f"{text:>{numbers}}", ("dim", resets))
        lines.append(_with_name(line_of("  "), limit["name"], names, right, columns))
    return Block(lines, 3, 2)


def _models(view: View, reading: Reading, columns: int) -> Block:
    choice = view.choice
    models = models_of(reading.document, choice)
    if not models:
        return Block([], 4)
    first = min(choice.first, len(models) - 1)
    key = "cost" if choice.by_cost else "totalTokens"
    whole = sum(model[key] for _, model in models)
    figures = [(_count(model["totalTokens"], columns), cost_of_model(model, reading.currency)) for _, model in models]
    widest = [max(len(pair[part]) for pair in figures) for part in (0, 1)]
    above = f", from number {first + 1} on" if first else ""
    by = "cost" if choice.by_cost else "tokens"
    lines = [_heading(f"Models, {_WORDS[choice.section].lower()}, by {by}{above}")]
    room = columns - widest[0] - widest[1] - 12
    names = _name_columns([model for model, _ in models], room)
    bars = min(_LONGEST_BAR, room - names - 2)
    for (model, of), (tokens, cost) in list(zip(models, figures, strict=True))[first:]:
        share = of[key] / whole if whole > 0 else 0.0
        drawn = f"  {bar(share, bars)}" if bars >= _SHORTEST_BAR else ""
        numbers = f"  {tokens:>{widest[0]}}  {cost:>{widest[1]}}"
        right = line_of(("accent", drawn), ("dim", f" {percent(share):>4}"), numbers)
        lines.append(_with_name(line_of("  "), model, names, right, columns))
    return Block(lines, 4, 2)


def _name_columns(names: Sequence[str], room: int) -> int:
    """How wide a column of names is where there is so much room."""
    return min(room, max(_SHORTEST_NAME, *(width(named(name, _LONGEST_NAME)) for name in names)))


def _with_name(left: Line, name: str, room: int, right: Line, columns: int) -> Line:
    """A line with a name from outside in ``room`` columns between its ends; the right one goes where that is little."""
    if room < _SHORTEST_NAME:
        return cut(line_of(*left, named(name, max(_SHORTEST_NAME, columns - line_width(left)))), columns)
    shown = named(name, room)
    return (*left, ("", shown + " " * (room - width(shown))), *right)


def _help(columns: int) -> list[Line]:
    lines = [_heading("Keys")]
    lines += [line_of("  ", ("accent", f"{key:<8}"), f" {what}") for key, what in KEYS]
    prose = f"The rate is the mean of the last five minutes; a column of its chart is {BUCKET_S:.0f} seconds."
    return [*lines, (), *(line_of(("dim", line)) for line in wrapped(f"{prose} Any key leads back.", columns))]


def _footer(columns: int) -> Block:
    pieces: list[tuple[Style, str] | str] = []
    for key, what in _FOOTER:
        more: list[tuple[Style, str] | str] = [("accent", f" {key}"), ("dim", f" {what} ")]
        if line_width(line_of(*pieces, *more)) <= columns:
            pieces += more
    return Block([line_of(*pieces)], 7, at_bottom=True)


def _heading(text: str) -> Line:
    return line_of(("bold", text))


def _count(number: object, columns: int) -> str:
    return short(number) if columns < _NARROW else figure(number)

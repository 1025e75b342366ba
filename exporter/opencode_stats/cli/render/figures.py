"""The current figures as a page of text."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from opencode_stats.cli.render.money import currency_of, sources_of
from opencode_stats.cli.render.text import (
    LONGEST_NAME,
    NARROWEST,
    US_DOLLARS,
    Currency,
    ago,
    count,
    counted,
    date,
    moment,
    name,
    span,
    width,
    wrapped,
)

if TYPE_CHECKING:
    from datetime import tzinfo

WIDEST_PROSE: Final = 100
_SHORTEST_NAME: Final = 12
_LONGEST_DIRECTORY: Final = 60
_LONGEST_PROBLEM: Final = 300
_MOST_OTHERS: Final = 2
_MOST_PROBLEMS: Final = 5
_MOST_UNPRICED: Final = 3
_LONGEST_UNPRICED: Final = 30
_KINDS: Final = (
    ("input", "input"),
    ("output", "output"),
    ("reasoning", "reasoning"),
    ("cacheRead", "cache read"),
    ("cacheWrite", "cache write"),
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read: stats.json, when, and the daemon's pid (0 where none is at work).

    ``current`` is False where the figures could not be brought up to date. ``zone`` is the system's where it is None.
    """

    document: dict[str, Any]
    now_ms: int
    daemon_pid: int
    current: bool = True
    zone: tzinfo | None = None

    @property
    def currency(self) -> Currency:
        """What the user has costs shown in; US dollars in a file of an older version, which does not say.

        Raises:
            KeyError, TypeError, ValueError: the document is not one of ours.
        """
        return currency_of(self.document)


def figures(reading: Reading, columns: int) -> str:
    """State, session, today and total, each by model, and how fresh they are; lines fit into ``columns``, 40 or more.

    Raises:
        KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError: the document is not
            one of ours.
    """
    columns = max(columns, NARROWEST)
    document = reading.document
    total = document["total"]
    above = _state(document, reading.now_ms)
    below = [
        *_remarks(total),
        *_without_cost(total, reading.currency),
        *_problems(document["exporter"]),
        _freshness(reading),
    ]
    page = [*_prose(above, columns), "", *_table(_rows(reading), columns), "", *_prose(below, columns)]
    return "\n".join(line.rstrip() for line in page)


def table(reading: Reading, columns: int) -> list[str]:
    """Session, today and total alone, each by model, in lines of at most ``columns``, 40 or more.

    Raises:
        KeyError, TypeError, ValueError, AttributeError, OverflowError: the document is not one of ours.
    """
    return [line.rstrip() for line in _table(_rows(reading), max(columns, NARROWEST))]


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of the table; ``detail`` is said after the label where there is room for it."""

    label: str
    tokens: str
    cost: str
    detail: str = ""
    foreign: bool = False


def _prose(sentences: list[str], columns: int) -> list[str]:
    return [line for sentence in sentences for line in wrapped(sentence, min(columns, WIDEST_PROSE))]


def _rows(reading: Reading) -> list[_Row | None]:
    """The table, with None for an empty line between two sections."""
    session, daily, total = (reading.document[part] for part in ("session", "daily", "total"))
    start_ms, install_ms = session["startTime"], total["installDate"]
    since = f" since {moment(start_ms, reading.now_ms, reading.zone)}" if start_ms else ""
    first = f" since {date(install_ms, reading.zone)}" if install_ms else ""
    rows: list[_Row | None] = [_Row("", "tokens", "cost")]
    for heading, detail, section in (
        ("Session", since, session),
        ("Today", f", {named(daily['date'])}", daily),
        ("Total", first, total),
    ):
        rows += [None] if len(rows) > 1 else []
        cost = cost_of_section(section, reading.currency)
        rows.append(_Row(heading, figure(section["totalTokens"]), cost, detail))
        for key, model in section["models"].items():
            cost = cost_of_model(model, reading.currency)
            rows.append(_Row(key, figure(model["totalTokens"]), cost, foreign=True))
    return rows


def _table(rows: list[_Row | None], columns: int) -> list[str]:
    there = [row for row in rows if row]
    tokens, cost = max(width(row.tokens) for row in there), max(width(row.cost) for row in there)
    room = max(_SHORTEST_NAME + 2, min(LONGEST_NAME + 2, columns - tokens - cost - 4))
    labels = [_label(row, room) if row else "" for row in rows]
    first = max(map(width, labels))
    return [
        f"{label}{' ' * (first - width(label))}  {row.tokens:>{tokens}}  {row.cost:>{cost}}" if row else ""
        for label, row in zip(labels, rows, strict=True)
    ]


def _label(row: _Row, room: int) -> str:
    if row.foreign:
        return f"  {name(row.label, room - 2)}"
    return row.label + (row.detail if width(row.label + row.detail) <= room else "")


def _state(document: dict[str, Any], now_ms: int) -> list[str]:
    session = document["session"]
    others = [run for run in document["sessions"] if run["runId"] != session["runId"]]
    if session["state"] == "none":
        sentences = ["No OpenCode has run yet."]
    elif session["state"] == "ended":
        who = "The OpenCode that you used last" if others else "No OpenCode is running; the last one"
        sentences = [f"{who} ended {ago(session['idleSince'] or now_ms, now_ms)}."]
    else:
        sentences = [_doing("OpenCode", session, now_ms)]
    sentences += [_doing("Another one", run, now_ms) for run in others[:_MOST_OTHERS]]
    more = len(others) - _MOST_OTHERS
    if more > 0:
        sentences.append(f"And {more} more {'is' if more == 1 else 'are'} running.")
    return sentences


def _doing(who: str, run: dict[str, Any], now_ms: int) -> str:
    directories = [named(workspace["directory"], _LONGEST_DIRECTORY) for workspace in run["workspaces"]]
    elsewhere = f" and {counted(len(directories) - 1, 'other folder')}" if len(directories) > 1 else ""
    where = f" in {directories[0]}{elsewhere}" if directories else ""
    if run["state"] == "working":
        return f"{who} is working{where}."
    if run["state"] == "waiting":
        return f"{who} waits for your answer{where}."
    return f"{who} has been idle for {span((now_ms - (run['idleSince'] or now_ms)) / 1000)}{where}."


def _kinds(tokens: dict[str, int]) -> str:
    return "Of the total: " + ", ".join(f"{figure(tokens[key])} {kind}" for key, kind in _KINDS) + "."


def _remarks(total: dict[str, Any]) -> list[str]:
    requests = total["titleRequests"]
    remarks = [_kinds(total["tokens"])] if total["totalTokens"] else []
    if figure(requests) != "0":
        remarks.append(f"Besides, {counted(requests, 'title request')} whose tokens OpenCode does not report.")
    return remarks


def cost_of_section(section: dict[str, Any], currency: Currency = US_DOLLARS) -> str:
    """A section's cost as text: recorded, or its list value in brackets, or ``unpriced``; ``+`` where there is more.

    Raises:
        KeyError, TypeError, ValueError: the section is not one of ours.
    """
    # A stats.json of an older version has the recorded cost alone.
    unpriced = bool(section.get("unpriced"))
    return _cost(section["totalCost"], section.get("listValue"), currency, unpriced=unpriced)


def cost_of_model(model: dict[str, Any], currency: Currency = US_DOLLARS) -> str:
    """A model's cost as text, in the same way.

    Raises:
        KeyError, TypeError, ValueError: the model is not one of ours.
    """
    worth = model.get("listValue", 0)
    return _cost(model["cost"], worth, currency, unpriced=worth is None)


def _cost(usd: object, worth: object, currency: Currency, *, unpriced: bool) -> str:
    """The recorded cost; where there is none the list value in brackets, or that no price is known; ``+``: and more."""
    recorded = dollars(usd, currency)
    if not usd and not worth:
        return "unpriced" if unpriced else recorded
    if not usd:
        return f"[{dollars(worth, currency)}]{'+' if unpriced else ''}"
    return recorded + ("+" if worth or unpriced else "")


def _without_cost(total: dict[str, Any], currency: Currency) -> list[str]:
    """What the costs leave out, and what that is worth."""
    said = []
    if total.get("listValue"):
        worth = dollars(total["listValue"], currency)
        of = "In brackets: what usage without a recorded cost is worth at list prices"
        said.append(f"{of}, {worth} in total{sources_of(total)}.")
    unpriced = total.get("unpriced") or {}
    if unpriced:
        names = ", ".join(named(key, _LONGEST_UNPRICED) for key in list(unpriced)[:_MOST_UNPRICED])
        more = f" and {counted(len(unpriced) - _MOST_UNPRICED, 'more model')}" if len(unpriced) > _MOST_UNPRICED else ""
        tokens = figure(sum(unpriced.values()))
        said.append(f"No price is known of {names}{more}, {tokens} tokens. opencode-stats prices tells more.")
    if said:
        said.append("A + says that there is such usage besides.")
    return said


def _problems(exporter: dict[str, Any]) -> list[str]:
    problems = exporter["health"]["problems"]
    said = [f"Caution: {named(problem['message'], _LONGEST_PROBLEM)}" for problem in problems[:_MOST_PROBLEMS]]
    return [*said, "opencode-stats doctor tells more."] if said else []


def _freshness(reading: Reading) -> str:
    changed = f"Last change {ago(reading.document['exporter']['generatedAt'], reading.now_ms)}."
    if not reading.current:
        return f"Not up to date. {changed}"
    if reading.daemon_pid:
        return f"Live, from the exporter with pid {reading.daemon_pid}. {changed}"
    return f"Up to date; no exporter is running. {changed}"


def figure(number: object) -> str:
    """A count as text; what is none must not be shown as one (``1.5`` as 1, ``true`` as 1).

    Raises:
        ValueError: it is none.
    """
    if type(number) is not int or number < 0:
        raise ValueError("not a count")
    return count(number)


def dollars(usd: object, currency: Currency = US_DOLLARS) -> str:
    """A cost as text.

    Raises:
        ValueError: it is none.
    """
    if (type(usd) is not int and type(usd) is not float) or not 0 <= usd < math.inf:
        raise ValueError("not a cost")
    return currency.amount(usd)


def named(text: object, longest: int = LONGEST_NAME) -> str:
    """A name from outside, safe to print, in at most ``longest`` columns.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(text, str):
        raise TypeError("not a name")
    return name(text, longest)

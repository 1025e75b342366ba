"""The current figures as a page of text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from opencode_stats.cli.render.text import LONGEST_NAME, count, moment, money, name, span

NARROWEST: Final = 40
_KINDS: Final = (
    ("input", "input"),
    ("output", "output"),
    ("reasoning", "reasoning"),
    ("cacheRead", "cache read"),
    ("cacheWrite", "cache write"),
)

Row = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read: stats.json, when, and the daemon's pid (0 where none is at work)."""

    document: dict[str, Any]
    now_ms: int
    daemon_pid: int


def figures(reading: Reading, width: int) -> str:
    """State, session, today and total, each by model, and how fresh they are; lines fit into ``width`` columns."""
    document = reading.document
    session, daily, total = document["session"], document["daily"], document["total"]
    longest_name = max(12, min(LONGEST_NAME, width - 32))
    rows: list[Row] = [("", "tokens", "cost")]
    for heading, section in (
        (_session_heading(session), session),
        (f"Today, {daily['date']}", daily),
        (_total_heading(total), total),
    ):
        rows.append(("", "", ""))
        rows += _section(heading, section, longest_name)
    lines = [_state(session, len(document["sessions"]), reading.now_ms), *_table(rows)]
    lines += ["", _kinds(total["tokens"]), *_remarks(total), _freshness(reading)]
    return "\n".join(line[:width].rstrip() if width >= NARROWEST else line.rstrip() for line in lines)


def _section(heading: str, section: dict[str, Any], longest_name: int) -> list[Row]:
    models = [
        (f"  {name(key, longest_name)}", count(model["totalTokens"]), money(model["cost"]))
        for key, model in section["models"].items()
    ]
    return [(heading, count(section["totalTokens"]), money(section["totalCost"])), *models]


def _table(rows: list[Row]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return [f"{row[0]:<{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:>{widths[2]}}" for row in rows]


def _state(session: dict[str, Any], live: int, now_ms: int) -> str:
    state = session["state"]
    if state == "none":
        return "No OpenCode has run yet."
    if state == "ended":
        return f"No OpenCode is running; the last one ended {_ago(session['idleSince'] or now_ms, now_ms)}."
    where = ", ".join(name(workspace["directory"], 60) for workspace in session["workspaces"][:1])
    place = f" in {where}" if where else ""
    others = f" ({live - 1} more running)" if live > 1 else ""
    if state == "working":
        return f"OpenCode is working{place}{others}."
    if state == "waiting":
        return f"OpenCode waits for your answer{place}{others}."
    return f"OpenCode is idle{place} since {span((now_ms - (session['idleSince'] or now_ms)) / 1000)}{others}."


def _session_heading(session: dict[str, Any]) -> str:
    return f"Session, since {moment(session['startTime'])}" if session["startTime"] else "Session"


def _total_heading(total: dict[str, Any]) -> str:
    return f"Total, since {moment(total['installDate'])[:10]}" if total["installDate"] else "Total"


def _kinds(tokens: dict[str, int]) -> str:
    return "Of the total: " + ", ".join(f"{count(tokens[key])} {kind}" for key, kind in _KINDS) + "."


def _remarks(total: dict[str, Any]) -> list[str]:
    requests = total["titleRequests"]
    if not requests:
        return []
    plural = "s" if requests != 1 else ""
    return [f"Besides, {count(requests)} title request{plural} whose tokens OpenCode does not report."]


def _freshness(reading: Reading) -> str:
    exporter = reading.document["exporter"]
    changed = _ago(exporter["generatedAt"], reading.now_ms)
    if reading.daemon_pid:
        return f"Live (exporter pid {reading.daemon_pid}); the figures last changed {changed}."
    return f"As of now, no exporter is running; the figures last changed {changed}."


def _ago(at_ms: int, now_ms: int) -> str:
    return f"{span((now_ms - at_ms) / 1000)} ago"

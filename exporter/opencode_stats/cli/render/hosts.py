"""What each host used: as a table, and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from opencode_stats.cli.render.charts import Line, Look, Table, table
from opencode_stats.cli.render.history import cost_note, figures_document
from opencode_stats.cli.render.list_values import unrecorded
from opencode_stats.cli.render.text import NARROWEST, ago, count, percent, wrapped
from opencode_stats.core.cost import MICROUSD_PER_USD
from opencode_stats.core.history import Figures
from opencode_stats.core.models import model_key
from opencode_stats.core.totals import Usage

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from opencode_stats.ledger.hosts import HostUsage

_TITLES: Final = ("host", "tokens", "share", "cost", "messages", "known until")
_NEEDLESS: Final = (1, 3, 4)
_NONE: Final = "-"
_COST: Final = 2
_OF_ID: Final = 8


def page(hosts: Sequence[HostUsage], now_ms: int, look: Look, partly: Collection[str] = ()) -> str:
    """A line for each host, this one first, and their sum.

    ``partly`` has the ids of those of whose use some that is not free has no recorded cost: ``+`` stands there, as in
    every other command.
    """
    whole = sum((host.totals.whole for host in hosts), Usage())
    lines: list[Line | None] = [
        Line(
            _named(host, hosts),
            (
                *_cells(host.totals.whole, whole, look, more=host.host in partly),
                "now" if host.own else ago(host.written_ms, now_ms),
            ),
            host.totals.whole.tokens.total,
            foreign=True,
        )
        for host in hosts
    ]
    lines += [None, Line("all hosts", (*_cells(whole, whole, look, more=bool(partly)), ""), style="bold")]
    shown = table(Table(_TITLES, lines, _NEEDLESS), look)
    costs = [line.cells[_COST] for line in lines if line]
    shown += cost_note(shown, costs, look)
    sentences = []
    if "cost" in shown[0] and any(cost.endswith("+") for cost in costs):
        sentences.append("A + says that there is usage besides of which OpenCode recorded no cost.")
    if len(hosts) == 1:
        sentences.append("No other host's file was taken in yet: opencode-stats import --ledger FILE does that.")
    for sentence in sentences:
        shown += ["", *(look.styled(line, "dim") for line in wrapped(sentence, max(look.columns, NARROWEST)))]
    return "\n".join(shown)


def document(hosts: Sequence[HostUsage]) -> dict[str, Any]:
    """The same for programs; instants are Unix milliseconds, costs US dollars."""
    return {
        "schemaVersion": 1,
        "hosts": [
            {
                "host": host.host or None,
                "name": host.name,
                "own": host.own,
                "writtenAt": host.written_ms,
                **_document(host.totals.whole),
                "models": _models(host),
            }
            for host in hosts
        ],
        "total": _document(sum((host.totals.whole for host in hosts), Usage())),
    }


def _models(host: HostUsage) -> dict[str, dict[str, Any]]:
    found: dict[str, Usage] = {}
    for (provider, model), usage in host.totals.by_model.items():
        key = model_key(provider, model)
        found[key] = found.get(key, Usage()) + usage
    ordered = sorted(found.items(), key=lambda one: (-one[1].tokens.total, one[0]))
    return {key: _document(usage) for key, usage in ordered}


def _document(usage: Usage) -> dict[str, Any]:
    said = figures_document(figures_of(usage))
    return {name: said[name] for name in ("totalTokens", "tokens", "cost", "messages")}


def _cells(usage: Usage, whole: Usage, look: Look, *, more: bool) -> tuple[str, ...]:
    tokens = usage.tokens.total
    recorded = look.currency.amount(usage.cost_microusd / MICROUSD_PER_USD) + ("+" if more else "")
    return (
        count(tokens),
        percent(tokens / whole.tokens.total, 1) if whole.tokens.total else "",
        _NONE if unrecorded(figures_of(usage)) else recorded,
        count(usage.messages),
    )


def _named(host: HostUsage, hosts: Sequence[HostUsage]) -> str:
    """Its name; with the beginning of its id where another is called the same."""
    alike = sum(other.name == host.name for other in hosts) > 1
    return f"{host.name} {host.host[:_OF_ID]}".rstrip() if alike else host.name


def figures_of(usage: Usage) -> Figures:
    """The same as questions about the past have it; how long it took is not known of a host."""
    tokens = usage.tokens
    return Figures(
        tokens.input, tokens.output, tokens.reasoning, tokens.cache_read, tokens.cache_write, usage.cost_microusd,
        usage.messages, 0, 0, 0,
    )  # fmt: skip

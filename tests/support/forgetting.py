"""A ledger in memory with an old run and a new one, and how its old detail is forgotten."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.support.clock import NOON_MS
from tests.support.ledgers import rows, stats_of, take
from tests.support.script import Script

from opencode_stats.core.days import SLOT_MS
from opencode_stats.core.history import Span, spans
from opencode_stats.ledger import runs
from opencode_stats.ledger.forgetting import forget_before
from opencode_stats.ledger.history import usage_over
from opencode_stats.ledger.queries import total
from opencode_stats.ledger.timeline import figures_over, prompts_over
from opencode_stats.ledger.unbilled import unbilled_split, unbilled_total

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from opencode_stats.core.limits import Limit

DAY_MS = 86_400_000
LATER_MS = NOON_MS + 50 * DAY_MS
UNTIL_MS = NOON_MS + DAY_MS
"""Between the old run and the new one."""
ALL = Span("all", 0, LATER_MS + DAY_MS)
NEPAL = ZoneInfo("Asia/Kathmandu")


def old_script() -> Script:
    """Two models, one of them without a cost, a sub-agent, a title, an abort."""
    script = Script(pid=1).started().opened("/w").conversation("ses_a", directory="/w").prompt("ses_a")
    script.titled("ses_a", "msg_title").answer("ses_a", "msg_1", input=1_000, output=30, directory="/w", cost_usd=0.5)
    script.conversation("ses_b", parent="ses_a").prompt("ses_b")
    script.answer("ses_b", "msg_2", cache_read=200_001, model="m/1", provider="mock", cost_usd=0)
    return script.wait(2 * SLOT_MS).answer("ses_a", error="MessageAbortedError").idle("ses_a").ended()


def new_script() -> Script:
    return (
        Script(pid=2, at_ms=LATER_MS, start_ticks=7)
        .started()
        .conversation("ses_new", directory="/v")
        .prompt("ses_new")
        .answer("ses_new", "msg_new", input=4, directory="/v")
    )


def tell(ledger: sqlite3.Connection, *scripts: Script, live: int = 2) -> None:
    """Takes the scripts in, and ends every process but that pid's."""
    take(ledger, *scripts)
    for process in runs.live_processes(ledger):
        if process.key.pid != live:
            runs.end_process(ledger, process.key.text, process.last_event_ms)


def forget(ledger: sqlite3.Connection, until_ms: int = UNTIL_MS, limits: Iterable[Limit] = ()) -> int:
    """Forgets all that can be, and gives the number of steps that it took."""
    return sum(1 for _ in forget_before(ledger, until_ms, limits))


def messages(ledger: sqlite3.Connection) -> list[Any]:
    """The ids of the messages that are there."""
    return [row[0] for row in rows(ledger, "SELECT message FROM messages ORDER BY message")]


def figures(ledger: sqlite3.Connection) -> dict[str, Any]:
    """Everything that must be the same before and after."""
    stretches = [span for zone in (UTC, NEPAL) for span in spans(NOON_MS - DAY_MS, LATER_MS + DAY_MS, "day", zone)]
    return {
        "total": total(ledger),
        "days": usage_over(ledger, stretches),
        "prompts": prompts_over(ledger, [ALL]),
        "by model": figures_over(ledger, [ALL], "model"),
        "by provider": figures_over(ledger, [ALL], "provider"),
        "hours": figures_over(ledger, spans(NOON_MS - DAY_MS, UNTIL_MS, "hour", NEPAL), "model"),
        "unbilled": unbilled_total(ledger),
        "unbilled, split": unbilled_split(ledger, {200_000}),
        "published": stats_of(ledger, LATER_MS),
    }

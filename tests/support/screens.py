"""Readings of stats.json as a home may have them: what the figures, the bars and the live view are shown with."""

from __future__ import annotations

import json
from datetime import UTC
from typing import TYPE_CHECKING, Any

from tests.support.clock import NOON_MS
from tests.support.ledgers import EXPORTER, facts, ledger_in_memory, stats_of, take
from tests.support.script import Script

from opencode_stats.cli.render.figures import Reading
from opencode_stats.contract.stats_document import document_of, encode
from opencode_stats.core.cost import Price, Quote, Rate, per_token
from opencode_stats.core.recent import calendar_of
from opencode_stats.core.stats import project

if TYPE_CHECKING:
    from collections.abc import Callable

    from opencode_stats.core.totals import ModelId

HOUR_MS = 3_600_000
NOW_MS = NOON_MS + 5 * 60_000


def document(*scripts: Script, now_ms: int = NOW_MS) -> dict[str, Any]:
    """What would be published of these stories."""
    with ledger_in_memory() as ledger:
        take(ledger, *scripts)
        read: dict[str, Any] = json.loads(encode(document_of(stats_of(ledger, now_ms))))
        return read


def shop(pid: int = 4711, at_ms: int = NOON_MS, directory: str = "/home/ada/work/shop") -> Script:
    """A morning's work with three models, two days after the first use."""
    script = Script(pid=pid, at_ms=at_ms).started().opened(directory).conversation(f"ses_{pid}", directory=directory)
    script.prompt(f"ses_{pid}", directory=directory).busy(f"ses_{pid}", directory=directory)
    for number, (provider, model, cost_usd) in enumerate(
        [("anthropic", "claude-sonnet-5", 0.348), ("openrouter", "qwen3-coder", 0.00004), ("openai", "gpt-5", 12.5)]
    ):
        script.answer(
            f"ses_{pid}",
            f"msg_{pid}_{number}",
            provider=provider,
            model=model,
            cost_usd=cost_usd,
            directory=directory,
            input=1_234 * 10**number,
            output=77,
            cache_read=100_000,
        )
    return script


def working() -> Reading:
    old = shop(pid=1, at_ms=NOON_MS - 50 * HOUR_MS)
    read = document(old, shop().titled("ses_4711", "msg_t"))
    del read["sessions"][1:]
    return Reading(read, NOW_MS, 815, zone=UTC)


def waiting() -> Reading:
    return Reading(document(shop().opened("/home/ada/work/api").asked("per_1", "ses_4711")), NOW_MS, 815, zone=UTC)


def idle_of_two() -> Reading:
    other = shop(pid=2, at_ms=NOON_MS - HOUR_MS, directory="/home/ada/日本語/プロジェクト")
    return Reading(document(shop().idle("ses_4711"), other), NOW_MS, 0, zone=UTC)


def ended() -> Reading:
    script = shop().idle("ses_4711").ended()
    read = document(script)
    read["session"] |= {"state": "ended", "live": False, "isIdle": True, "idleSince": NOON_MS + 60_000}
    read["sessions"] = []
    return Reading(read, NOON_MS + 26 * HOUR_MS, 0, zone=UTC)


def many_runs() -> Reading:
    runs = [shop(pid=pid, at_ms=NOON_MS - pid * 1000, directory=f"/work/{pid}") for pid in range(1, 7)]
    return Reading(document(*runs), NOW_MS, 815, zone=UTC)


def troubled() -> Reading:
    read = document(shop())
    problems = [
        {"code": "quarantine", "message": "3 unreadable spool lines came into quarantine."},
        {
            "code": "opencode-database",
            "message": "opencode\x1b[2J.db, OpenCode's database, could not be read: " + "x" * 999,
        },
    ]
    read["exporter"]["health"] = {"status": "degraded", "problems": problems}
    return Reading(read, NOON_MS + 3 * HOUR_MS, 815, current=False, zone=UTC)


def hostile() -> Reading:
    script = Script(at_ms=NOON_MS).started().opened("/tmp/\x1b]0;owned\x07\n\u202egnp.exe")
    script.conversation("ses_a").prompt("ses_a").busy("ses_a")
    for number, model in enumerate(
        (
            "\x1b[31m\x1b[2Jred",
            "two\nlines\r\tand tabs",
            "\u202eright to left\u202c",
            "日本語の長い名前のモデル" * 5,
            "Z̸̢" * 30,
        )
    ):
        tokens = 10 ** (number * 2 + 1)
        script.answer("ses_a", f"msg_{number}", provider=None, model=model, cost_usd=5.0**number, input=tokens)
    read = document(script)
    # The ledger takes no name so long; the page is made of a file that anybody may have written.
    for section in ("session", "daily", "total"):
        read[section]["models"]["long " + "x" * 10_000] = next(iter(read[section]["models"].values()))
    return Reading(read, NOW_MS, 815, zone=UTC)


def without_cost() -> Reading:
    """A subscription, a provider without a price, and a model that is paid for at times."""
    script = Script(at_ms=NOON_MS).started().opened("/w").conversation("ses_a").prompt("ses_a").busy("ses_a")
    script.answer("ses_a", provider="zai-coding-plan", model="glm-9", cost_usd=0, input=2_000_000, output=100)
    script.answer("ses_a", provider="mock", model="m", cost_usd=0, input=1_000)
    script.answer("ses_a", provider="openai", model="gpt-5", cost_usd=0, input=20)
    script.answer("ses_a", provider="openai", model="gpt-5", cost_usd=0.5, input=20)
    with ledger_in_memory() as ledger:
        take(ledger, script)
        quote = Quote(Price(Rate(per_token(0.6), per_token(2.2))), "snapshot", "2026-09-28")
        quotes: dict[ModelId, Quote] = {("zai-coding-plan", "glm-9"): quote, ("openai", "gpt-5"): quote}
        stats = project(facts(ledger, NOW_MS), calendar_of(NOW_MS, UTC), EXPORTER, {}, quotes)
    return Reading(json.loads(encode(document_of(stats))), NOW_MS, 815, zone=UTC)


SCREENS: dict[str, Callable[[], Reading]] = {
    "never-ran": lambda: Reading(document(), NOON_MS + 999, 0, zone=UTC),
    "working": working,
    "without-cost": without_cost,
    "waiting": waiting,
    "idle-of-two": idle_of_two,
    "ended": ended,
    "many-runs": many_runs,
    "troubled": troubled,
    "hostile": hostile,
}

"""A home in which everything is as large, long and wide as it comes: what pages for people are tried with."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from tests.support.opencode_database import OpenCodeDatabase
from tests.support.script import Script

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.unit.daemon.household import Household

DAY_MS: Final = 86_400_000
MODELS: Final = (
    ("anthropic", "claude-opus-4-5-20251101-extended-thinking-preview-with-tools", 834_567.89),
    ("深度求索", "深度思考模型超长名称测试版本二零二六年十一月", 4_321.5),
    ("openrouter", "e\u0301v\u0301e\u0301ne\u0301ment/qwen3-coder", 0.00004),
    ("github-copilot", "gpt-5-codex-max-2026-11-01", 0.0),
    ("a-provider-of-ones-own-with-a-long-name", "nobody/has-a-price-of-this-model-ever", 0.0),
    ("openai", "o", 12.5),
)
"""With what a message costs."""
WORKSPACES: Final = (
    "/home/ada/work/clients/northern-lights/repositories/a-monorepo-with-a-long-name/packages/web",
    "/home/ada/プロジェクト/とても長い名前のワークスペースとその中のフォルダー/アプリ",
    "/w",
)
AGENTS: Final = ("build", "a-careful-reviewer-of-everything-that-was-written", "調査担当エージェントの長い名前")
SETTINGS: Final = f"""\
inactive_after_minutes = 20
on_attention = ["/home/ada/bin/tell-my-phone-and-everybody-else", "--quiet", "--priority", "high", "--topic", "ada"]
notify_kinds = ["finished", "error", "permission", "question", "inactive", "limit"]
{{currency}}
[prices."mock/a-model-with-a-price-of-its-own"]
input = 1.5
output = 7.5
[[limits]]
name = "a limit whose name is longer than anybody needs it"
window = "5h"
tokens = 7_000_000_000_000
[[limits]]
name = "月ごとの予算"
window = "month"
usd = 2_500_000
[[limits]]
name = "here"
window = "week"
usd = 1_000_000
workspace = "{WORKSPACES[0]}"
[[limits]]
name = "that model"
window = "36h"
tokens = 987_654_321_098
model = "{MODELS[0][0]}/{MODELS[0][1]}"
[[limits]]
name = "unused"
window = "day"
tokens = 5_000
agent = "nobody"
"""


def story(now_ms: int, pid: int = 4711, prefix: str = "ses") -> Script:
    """Three weeks with every model, workspace and agent, sub-agents of sub-agents, and what asks for the user."""
    script = Script(pid=pid, at_ms=now_ms - 20 * DAY_MS).started()
    for number, (provider, model, cost_usd) in enumerate(MODELS * 3):
        directory, agent = WORKSPACES[number % 3], AGENTS[number // 2 % 3]
        root = f"{prefix}_{number:02}7f3a90ffeKq2XbT9vLmN4pRs"
        script.opened(directory).conversation(root, directory=directory).prompt(root, directory=directory)
        script.titled(root, f"msg_title_{prefix}_{number}").busy(root)
        for depth, name in enumerate((root, f"{root}-a", f"{root}-b")):
            if depth:
                script.conversation(name, parent=root if depth == 1 else f"{root}-a", agent=agent)
            script.answer(
                name, f"msg_{prefix}_{number}_{depth}", provider=provider, model=model, cost_usd=cost_usd,
                agent=agent, directory=directory, input=4_567_890_123, output=1_234_567_890, reasoning=55_555_555,
                cache_read=3_987_654_321, cache_write=123_456_789,
            )  # fmt: skip
        script.answer(root, error="MessageAbortedError", directory=directory).idle(root).wait(DAY_MS)
    script.wait(now_ms - script.at_ms - 3_000_000)
    script.conversation(f"{prefix}_now", directory=WORKSPACES[0]).prompt(f"{prefix}_now").busy(f"{prefix}_now")
    for provider, model, cost_usd in MODELS:
        script.wait(400_000).answer(
            f"{prefix}_now", f"msg_{prefix}_now_{model}", provider=provider, model=model, cost_usd=cost_usd,
            directory=WORKSPACES[0], agent=AGENTS[1], input=2_345_678_901, output=9_876_543, reasoning=5,
            cache_read=1_098_765_432,
        )  # fmt: skip
    return script.asked(f"per_{prefix}", f"{prefix}_now")


def furnish(household: Household, *, currency: str = "") -> None:
    """Fills the home. ``currency`` are lines of the settings."""
    now_ms = time.time_ns() // 1_000_000
    household.write(story(now_ms))
    household.paths.settings_file.parent.mkdir(parents=True, exist_ok=True)
    household.paths.settings_file.write_text(SETTINGS.format(currency=currency))
    household.paths.opencode_data.mkdir(parents=True, exist_ok=True)
    _database(household.paths.opencode_data / "opencode.db", now_ms)


def _database(path: Path, now_ms: int) -> None:
    """OpenCode's own, which has long titles, a fork and what no event told."""
    database = OpenCodeDatabase(path)
    for number, name in enumerate(_roots()):
        title = ("Mend the lamp in the hall, then the one above the stairs, and write down how", "灯りを直す" * 12)
        database.session(name, WORKSPACES[number % 3], title=title[number % 2], time_created=now_ms - 15 * DAY_MS)
    first = next(_roots())
    database.message(first, 7_777_777_777, at_ms=now_ms - 14 * DAY_MS, cost=123_456.789, directory=WORKSPACES[0])
    database.session("ses_fork", WORKSPACES[0], title="A fork", time_created=now_ms - 2 * DAY_MS)
    database.message("ses_fork", 5_555_555_555, at_ms=now_ms - 14 * DAY_MS, directory=WORKSPACES[0], cost=9_999.5)


def _roots() -> Iterator[str]:
    for number in range(len(MODELS) * 3):
        yield f"ses_{number:02}7f3a90ffeKq2XbT9vLmN4pRs"

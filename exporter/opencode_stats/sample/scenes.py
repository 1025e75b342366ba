"""The states in which a reader may find stats.json, each made of what an imagined OpenCode did until this moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import cycle
from typing import TYPE_CHECKING, Final

from opencode_stats.core.events import ProcessKey
from opencode_stats.sample.opencode import Model, OpenCode

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

SECOND_MS: Final = 1_000
MINUTE_MS: Final = 60 * SECOND_MS
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS
ELSEWHERE: Final = "1"
"""A pid namespace that is nobody's: processes in it can't be seen, so they live while the spool says so."""

CLAUDE: Final = Model("anthropic", "claude-sonnet-5", 3, 15, 0.3)
GPT: Final = Model("openai", "gpt-5", 1.25, 10, 0.125)
QWEN: Final = Model("openrouter", "qwen3-coder", 0.2, 0.8)
LOCAL: Final = Model("ollama", "llama3.3:70b")
USUAL: Final = (CLAUDE, CLAUDE, GPT, QWEN, LOCAL)
PLACES: Final = ("/home/ada/work/shop", "/home/ada/work/site", "/home/ada/notes", "/srv/api")
_VENDORS: Final = {
    "anthropic": ("claude-opus-5", "claude-sonnet-5", "claude-haiku-5"),
    "openai": ("gpt-5", "gpt-5-mini", "o4-mini", "codex-2"),
    "google": ("gemini-3-pro", "gemini-3-flash"),
    "xai": ("grok-5", "grok-5-fast"),
    "mistral": ("mistral-large-4", "devstral-3"),
    "deepseek": ("deepseek-v4",),
    "github-copilot": ("claude-sonnet-5", "gpt-5"),
    "openrouter": ("moonshotai/kimi-k3", "z-ai/glm-6", "qwen/qwen4-coder", "anthropic/claude-sonnet-5"),
    "ollama": ("llama3.3:70b", "qwen3:32b"),
}
_HOSTILE: Final = (
    "\x1b[2J\x1b[31mred\x1b[0m",
    "<b>bold</b> & <img src=x onerror=alert(1)>",
    "a\nb\r\nc\ttab",
    "\u202egpj.model",
    "=cmd|'/C calc'!A0",
    "$(touch hacked); `touch hacked`",
    "%s %n {0} ${HOME} #{pid}",
    "../../../../etc/passwd",
    "日本語-モデル",
    "e" + "\u0301" * 40,
    "x" * 300,
    " ",
)
"""What would command a terminal, break markup, lead out of a folder or be run; none of it may do more than be shown."""


@dataclass
class Stage:
    """Where a scene plays: the dice, the moment at which it is looked at, and the processes that were there."""

    rng: Random
    now_ms: int
    boot_id: str
    processes: list[OpenCode] = field(default_factory=list)
    spoiled: bytes = b""

    def opencode(self, since_ms: int, directory: str = PLACES[0]) -> OpenCode:
        """A process that was started so long ago."""
        number = len(self.processes)
        key = ProcessKey(4_000 + number, self.boot_id, ELSEWHERE, 100_000 + number)
        self.processes.append(OpenCode(key, self.rng, self.now_ms - since_ms, directory))
        return self.processes[-1]

    def past_day(self, days_ago: int, most_runs: int = 3) -> None:
        """What was done on a day before today: some runs that have ended."""
        rng = self.rng
        for _ in range(rng.randint(0, most_runs)):
            since_ms = days_ago * DAY_MS + rng.randint(-5 * HOUR_MS, 5 * HOUR_MS)
            one = self.opencode(since_ms, rng.choice(PLACES))
            for _ in range(rng.randint(1, 3)):
                root = one.converse(rng.choice(USUAL))
                one.turn(root, rng.randint(1, 5), titled=True)
                if rng.random() < 0.3:  # noqa: PLR2004 - about every third needs a sub-agent
                    one.turn(one.converse(rng.choice(USUAL), parent=root), rng.randint(1, 4))
                one.wait(MINUTE_MS, 20 * MINUTE_MS)
            one.end()


def _empty(stage: Stage) -> None:
    del stage


def _idle(stage: Stage) -> None:
    stage.past_day(1)
    one = stage.opencode(12 * MINUTE_MS)
    conversation = one.converse(CLAUDE)
    one.turn(conversation, 4, titled=True)
    one.now_ms = max(one.now_ms, stage.now_ms - 3 * MINUTE_MS)
    one.turn(conversation, 1)


def _working(stage: Stage) -> None:
    stage.past_day(2)
    stage.past_day(1)
    one = stage.opencode(14 * MINUTE_MS)
    root = one.converse(CLAUDE)
    one.turn(root, 5, titled=True)
    one.now_ms = max(one.now_ms, stage.now_ms - 90 * SECOND_MS)
    one.prompt(root)
    one.request(root)
    helper = one.converse(GPT, parent=root)
    one.prompt(helper)
    one.request(helper, agent="explore")
    one.request(helper, agent="explore", open_end=True)


def _waiting(stage: Stage) -> None:
    stage.past_day(1)
    other = stage.opencode(40 * MINUTE_MS, PLACES[1])
    other.turn(other.converse(GPT), 3, titled=True)
    one = stage.opencode(9 * MINUTE_MS)
    root = one.converse(CLAUDE)
    one.prompt(root, titled=True)
    one.request(root)
    one.now_ms = max(one.now_ms, stage.now_ms - 3 * MINUTE_MS)
    one.ask(root)


def _ended(stage: Stage) -> None:
    stage.past_day(1)
    one = stage.opencode(50 * MINUTE_MS)
    one.turn(one.converse(CLAUDE), 6, titled=True)
    one.wait(MINUTE_MS, 5 * MINUTE_MS)
    one.end()


def _many_runs(stage: Stage) -> None:
    ends: cycle[Callable[[OpenCode, str], object]] = cycle(
        (
            lambda one, root: one.idle(root),
            lambda one, root: one.request(root, open_end=True),
            lambda one, root: one.ask(root),
            lambda one, root: one.fail(root),
            lambda one, root: one.ask(root, "question"),
        )
    )
    for number in range(12):
        one = stage.opencode((13 - number) * MINUTE_MS, PLACES[number % len(PLACES)])
        root = one.converse(USUAL[number % len(USUAL)])
        one.prompt(root, titled=True)
        one.request(root)
        next(ends)(one, root)


def _many_models(stage: Stage) -> None:
    one = stage.opencode(2 * HOUR_MS)
    for provider, models in _VENDORS.items():
        for model in models:
            price = stage.rng.choice((0, 0.01, 0.5, 3, 75))
            one.turn(one.converse(Model(provider, model, price, price * 5, price / 10)), stage.rng.randint(1, 6))
    one.now_ms = max(one.now_ms, stage.now_ms - 2 * MINUTE_MS)
    one.turn(one.converse(CLAUDE), 1)


def _history(stage: Stage) -> None:
    for days_ago in range(120, 0, -1):
        stage.past_day(days_ago)
    _idle(stage)


def _hostile(stage: Stage) -> None:
    for number, name in enumerate(_HOSTILE):
        one = stage.opencode((24 - number) * MINUTE_MS, f"/home/ada/{name}")
        one.turn(one.converse(CLAUDE), 1)
    one = stage.opencode(10 * MINUTE_MS, f"/home/ada/{_HOSTILE[0]}")
    for name in _HOSTILE:
        one.turn(one.converse(Model(name, name, 3, 15)), 1)


def _troubled(stage: Stage) -> None:
    _idle(stage)
    stage.processes[-1].lose(7)
    stage.spoiled = b'{"v":1,"type":"message.snapshot","at_ms":"noon"}\n'


@dataclass(frozen=True, slots=True)
class Scene:
    """A state, what a reader finds in it, and how it comes about."""

    says: str
    play: Callable[[Stage], None]


SCENES: Final = {
    "empty": Scene("OpenCode was never used: every field is there, and 0.", _empty),
    "idle": Scene("OpenCode has finished and waits for a prompt; attention has that turn.", _idle),
    "working": Scene("OpenCode works, and a sub-agent for it.", _working),
    "waiting": Scene("OpenCode waits for a permission; another one is idle.", _waiting),
    "ended": Scene("OpenCode was closed; its session stays until the next one.", _ended),
    "many-runs": Scene("Twelve OpenCodes at once: idle, working, waiting, failed.", _many_runs),
    "many-models": Scene("Over twenty models of nine providers, some for nothing.", _many_models),
    "history": Scene("120 days, four workspaces, sub-agents: for history, export and charts.", _history),
    "hostile": Scene("Names that command a terminal, break markup or are far too long.", _hostile),
    "troubled": Scene("The exporter has something to say: exporter.health is degraded.", _troubled),
}
"""In the order in which somebody who builds a reader meets them."""

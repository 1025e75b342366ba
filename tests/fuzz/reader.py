"""``opencode-stats`` on any bytes in the place of stats.json: the figures that are in it, or one clear sentence."""

from __future__ import annotations

import contextlib
import fcntl
import io
import json
import os
import re
import sys
import tempfile
import time
import unicodedata
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from unittest import mock

from tests.fuzz.spoil import Seed, spoiled
from tests.fuzz.tally import Finding, Tally, numbered
from tests.support.ledgers import ledger_in_memory, stats_of, take
from tests.support.script import Script

from opencode_stats.cli.main import EXIT_USER, main
from opencode_stats.contract.stats_document import document_of
from opencode_stats.host.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

FULL: Final = 50_000
SLOWEST_MS: Final = 2000.0
GOLDEN: Final = Path(__file__).parents[1] / "fixtures" / "golden" / "stats.json"
HARMFUL: Final = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
TURNING: Final = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
_GROUPED: Final = re.compile(r"\d{1,3}(?:,\d{3})*")


@cache
def seeds() -> tuple[Seed, ...]:
    """The documented example, a first one without anything in it, and a busy one with strange names."""
    with ledger_in_memory() as empty, ledger_in_memory() as busy:
        script = Script(pid=1).started().conversation("ses_a").line("workspace.opened", directory="/wörk/\u202e")
        script.prompt("ses_a").answer("ses_a", input=123_456, output=7, provider="mock", model="m\x1b[31m\x9b1m")
        script.asked("per_1", "ses_a").titled("ses_a", "msg_x").lost(3)
        other = Script(pid=2).started().conversation("ses_b").prompt("ses_b").answer("ses_b", input=5).idle("ses_b")
        take(busy, script, other)
        made = [json.dumps(document_of(stats_of(one))).encode() for one in (empty, busy)]
    return tuple(Seed.of(text) for text in (GOLDEN.read_bytes(), *made))


class Terminal:
    """The whole command line in this process, in a home of its own where a daemon seems to be at work."""

    def __init__(self, home: Path) -> None:
        self.paths = Paths.of({}, home)
        for folder in (self.paths.stats_file.parent, self.paths.lock.parent):
            folder.mkdir(parents=True, exist_ok=True)
        self.paths.lock.write_text("4711\n")
        self._environment = {"HOME": str(home), "TZ": "UTC", "LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]}

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """The environment and the lock, for the block."""
        answering = mock.patch("opencode_stats.host.control.ask", return_value=True)
        environment = mock.patch.dict(os.environ, self._environment, clear=True)
        with open(self.paths.lock, "rb") as lock, environment, answering:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def call(self, content: bytes, *arguments: str, columns: int = 80) -> tuple[int, bytes, bytes]:
        """The exit code, and what was said on both channels."""
        self.paths.stats_file.write_bytes(content)
        said, complained = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
        with (
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(complained),
            mock.patch.object(sys, "argv", ["opencode-stats", *arguments]),
            mock.patch.dict(os.environ, COLUMNS=str(columns)),
        ):
            try:
                main()
                code: Any = 0
            except SystemExit as ended:
                code = ended.code or 0
        for channel in (said, complained):
            channel.flush()
        return code, said.buffer.getvalue(), complained.buffer.getvalue()


def run(seed: int, inputs: int = FULL, budget_s: float = 1e9) -> Tally:
    """Tries so many inputs.

    Raises:
        Finding: one ended in a traceback, in figures that it does not have, or in something that a terminal obeys.
    """
    tally = Tally("reader", seed)
    with tempfile.TemporaryDirectory() as home:
        terminal = Terminal(Path(home))
        with terminal.in_use():
            for number, rng in numbered(tally, inputs, budget_s):
                content = spoiled(rng, rng.choice(seeds()), seeds())
                if number % 10 == 0:
                    content = _raw_controls(rng, content)
                check(tally, terminal, content, columns=rng.choice((1, 40, 80, 200)), as_json=number % 4 == 0)
    return tally


def _raw_controls(rng: Random, content: bytes) -> bytes:
    """What no JSON of ours has as it is, inside of a text."""
    at = content.find(b'":{"', rng.randrange(len(content) + 1))
    return content[: at + 4] + rng.choice((b"\xc2\x9b2J", b"\x7f", b"\xe2\x80\xae")) + content[at + 4 :]


def check(tally: Tally, terminal: Terminal, content: bytes, *, columns: int = 80, as_json: bool = False) -> None:
    """Tries one stats.json.

    Raises:
        Finding: what a reader of it would be shown is not as promised.
    """
    began_s = time.perf_counter()
    try:
        code, said, complained = terminal.call(content, *(["--json"] if as_json else []), columns=columns)
    except Exception as error:
        raise Finding(f"crash: {error!r:.200}", "reader-crash", content) from error
    tally.timed(began_s, SLOWEST_MS, "reading", content)
    obeyed = {char for char in (said + complained).decode() if _obeyed(char, as_json=as_json)}
    if obeyed:
        raise Finding(f"a terminal is sent {obeyed!r}", "reader-terminal", content)
    if code == EXIT_USER:
        tally.ends["refused"] += 1
        sentence = complained.decode()
        if said or not sentence.startswith("opencode-stats: ") or sentence.count("\n") != 1:
            raise Finding(f"not one sentence: {said!r} {complained!r}", "reader-sentence", content)
        return
    tally.ends["printed"] += 1
    if code or complained or not said:
        raise Finding(f"exit {code}: {complained!r}", "reader-exit", content)
    if as_json:
        if json.loads(said) != json.loads(content):
            raise Finding("other JSON than is there", "reader-json", content)
        return
    _has_its_figures(content, said.decode())


def _obeyed(char: str, *, as_json: bool) -> bool:
    """Whether a terminal does something else with it than to show it."""
    category = unicodedata.category(char)
    if as_json:
        # Between its tokens JSON may have any of these; in its texts a joiner of emojis is welcome.
        control = category in ("Cc", "Zl", "Zp") and char not in "\n\r\t"
        return control or unicodedata.bidirectional(char) in TURNING
    return category in HARMFUL and char != "\n"


def _has_its_figures(content: bytes, page: str) -> None:
    """Whether each heading is followed by the document's own figures, whole numbers all of them."""
    document = json.loads(content)
    for heading, name in (("Session", "session"), ("Today", "daily"), ("Total", "total")):
        section = document[name]
        (line,) = (line for line in page.splitlines() if line.startswith(heading))
        if type(section["totalTokens"]) is not int or section["totalTokens"] < 0:
            raise Finding(f"{section['totalTokens']!r:.80} was printed as a figure", "reader-figure", content)
        if f"{section['totalTokens']:,}" not in _GROUPED.findall(line):
            raise Finding(f"{line!r} does not say {section['totalTokens']!r:.80}", "reader-figure", content)
        for model in section["models"].values():
            if type(model["totalTokens"]) is not int or f"  {model['totalTokens']:,}  " not in page:
                raise Finding(f"{model['totalTokens']!r:.80} of a model", "reader-figure", content)

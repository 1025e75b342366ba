"""Somebody who copies the examples out of a page, in its order, into a shell in a scratch home with figures."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tests.support.script import Script
from tests.unit.daemon.household import SOURCES, Household

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PATIENCE_S: Final = 60.0
_PROMPT: Final = "$ "
_CONTINUED: Final = "> "
_SEPARATOR: Final = "\x1e"
_ANY: Final = "…"
_WRAPPER: Final = """\
#!/bin/sh
case " $* " in
*" --help "*) look= ;;
# Full-screen: on a terminal of its own.
" watch ") look="timeout --foreground --signal=INT 2"
    script --quiet --return --command "$look '{python}' -m opencode_stats watch" /dev/null < /dev/null
    code=$?; [ "$code" = 124 ] && exit 0; exit "$code" ;;
# What stays until it is stopped is looked at for a moment, and then gets the reader's Ctrl-C.
*" --follow "* | *" --live "* | " daemon "*) look="timeout --signal=INT 2" ;;
*) look= ;;
esac
$look "{python}" -m opencode_stats "$@"
code=$?
[ -n "$look" ] && [ "$code" = 124 ] && exit 0
# doctor finds no OpenCode in a scratch home, and says so by its exit code.
[ "$1" = doctor ] && [ "$code" = 1 ] && exit 0
exit "$code"
"""


@dataclass(frozen=True, slots=True)
class Said:
    """How a block ended, and everything that it printed."""

    code: int
    output: str


@dataclass(frozen=True, slots=True)
class Reader:
    """The shell's surroundings: ``opencode-stats`` is a command, the commands are run in ``folder``."""

    folder: Path
    environment: dict[str, str]

    def run(self, commands: str) -> Said:
        """Runs a whole block as ``sh -e`` does; what it left running is ended with it."""
        with subprocess.Popen(
            ["/bin/sh", "-e", "-c", commands],
            env=self.environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as shell:
            try:
                output, _ = shell.communicate(timeout=_PATIENCE_S)
            except subprocess.TimeoutExpired as late:
                said = late.output.decode(errors="replace") if isinstance(late.output, bytes) else late.output or ""
                return Said(-1, f"{said}\n(not over after {_PATIENCE_S:.0f} s)")
            finally:
                # What the block left in the background goes with it.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(shell.pid, signal.SIGKILL)
            return Said(shell.returncode, output)

    def show(self, block: str) -> str | None:
        """Types the commands of a console block; None if each printed what the page shows, else what is different."""
        steps = console_steps(block)
        # One shell for the whole block, so that a variable or a folder is still there in the next command.
        script = "".join(f"{{ {command}\n}}; printf '\\n{_SEPARATOR}%d{_SEPARATOR}' $?\n" for command, _ in steps)
        said = self.run(f"set +e\n{script}")
        pieces = said.output.split(_SEPARATOR)
        for (command, expected), printed, code in zip(steps, pieces[::2], pieces[1::2], strict=False):
            actual = printed.removesuffix("\n")
            if not matches(expected, actual):
                return f"{_PROMPT}{command}\n--- the page shows\n{expected}--- it printed (exit {code})\n{actual}"
        missing = len(steps) - len(pieces) // 2
        return None if missing == 0 else f"{missing} of its commands did not end: {said.output}"


def console_steps(block: str) -> list[tuple[str, str]]:
    """Each command with the output that the page shows below it.

    Raises:
        ValueError: the block does not begin with a command.
    """
    steps: list[tuple[list[str], list[str]]] = []
    for line in block.splitlines():
        if line.startswith(_PROMPT):
            steps.append(([line.removeprefix(_PROMPT)], []))
        elif not steps:
            raise ValueError(f"a console block begins with a command after {_PROMPT!r}, not with {line!r}")
        elif line.startswith(_CONTINUED) and not steps[-1][1]:
            steps[-1][0].append(line.removeprefix(_CONTINUED))
        else:
            steps[-1][1].append(line)
    return [("\n".join(command), "".join(f"{line}\n" for line in shown)) for command, shown in steps]


def matches(expected: str, actual: str) -> bool:
    """Whether this was printed; ``…`` stands for anything in a line, alone on a line for any lines."""
    pattern = ""
    for line in expected.splitlines():
        if line.strip() == _ANY:
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += "[^\n]*?".join(re.escape(piece) for piece in line.rstrip().split(_ANY)) + r"[ ]*\n"
    return re.fullmatch(pattern, actual) is not None


def settled(home: Path) -> Reader:
    """A reader whose home has the figures of two days."""
    (home / "tmp").mkdir(parents=True)
    (home / "work" / "shop").mkdir(parents=True)
    (home / "bin").mkdir()
    # The editor's user looks at the file, changes nothing, and leaves.
    for name, text in {"opencode-stats": _WRAPPER.format(python=sys.executable), "nano": "#!/bin/sh\n"}.items():
        command = home / "bin" / name
        command.write_text(text, "utf-8")
        command.chmod(0o755)
    household = Household(home)
    for script in _story(home, time.time_ns() // 1_000_000):
        household.write(script)
    household.call("import").check_returncode()
    path = os.pathsep.join([str(home / "bin"), os.path.dirname(sys.executable), os.environ["PATH"]])
    return Reader(
        home / "work" / "shop", household.environment | {"PATH": path, "PYTHONPATH": str(SOURCES), "COLUMNS": "100"}
    )


def _story(home: Path, now_ms: int) -> Iterator[Script]:
    """A run that ended yesterday, and one with two models and a sub-agent that has just finished."""
    shop = str(home / "work" / "shop")
    before = Script(pid=4001, at_ms=now_ms - 26 * 3_600_000).started().opened(shop)
    before.conversation("ses_before", directory=shop).prompt("ses_before", directory=shop)
    before.answer("ses_before", directory=shop, input=1200, output=340, cache_read=9000).idle("ses_before").ended()
    yield before
    today = Script(pid=4002, at_ms=now_ms - 20_000).started().opened(shop)
    today.conversation("ses_today", directory=shop).prompt("ses_today", directory=shop)
    today.answer("ses_today", directory=shop, input=2500, output=410, reasoning=64)
    today.conversation("ses_helper", parent="ses_today", directory=shop).prompt("ses_helper", directory=shop)
    today.answer("ses_helper", directory=shop, agent="explore", provider="openai", model="gpt-5", input=800, output=90)
    yield today.idle("ses_helper").idle("ses_today").ended()

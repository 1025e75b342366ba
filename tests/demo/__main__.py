"""``python -m tests.demo``: exit code 0 if the figures equal what the provider charged."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final

from tests.demo.conversations import RUNS, SCENARIOS
from tests.demo.screen import Screen, frame
from tests.e2e.rig.books import expected, figures
from tests.e2e.rig.fetch import VERSION, OpenCodeMissing, fetched
from tests.e2e.rig.opencode import running
from tests.e2e.rig.prepared import prepared, user_registry
from tests.e2e.rig.stage import by_setup, stage

if TYPE_CHECKING:
    from tests.demo.conversations import Run
    from tests.e2e.rig.stage import Stage

_REFRESH_S: Final = 0.25
_LONGEST_RUN_S: Final = 120.0


def main() -> int:
    """Show the demo."""
    screen = Screen(sys.stdout)
    screen.say("opencode-stats demo: the real OpenCode, a model provider that is only a script, a scratch home.")
    screen.say(f"OpenCode {VERSION} comes through npm, once (about 110 MB) …")
    try:
        program = fetched()
    except OpenCodeMissing as missing:
        screen.say(f"OpenCode can't be fetched: {missing}.\nThe demo needs npm and a registry that it can reach.")
        return 2
    screen.say("OpenCode installs the package that plugins need, once …")
    config = prepared(program)
    screen.say("opencode-stats is set up in a scratch home …")
    registry = user_registry()
    # A newcomer looks at the clock, too.
    with stage(program, config, install=by_setup, registry=registry, scenarios=SCENARIOS, own_time=True) as scratch:
        with scratch.exporter.daemon():
            for number, run in enumerate(RUNS, 1):
                _watch(screen, scratch, run, f"Run {number} of {len(RUNS)}: {run.prompt.split(' SCENARIO')[0]}")
            document = scratch.exporter.snapshot()
            last = frame("Both runs are over.", scratch.exporter.succeed())
            screen.show(last, time.monotonic(), last=True)
        charged, counted = expected(scratch.charges), figures(document["total"])
    screen.say(f"\nCharged by the provider: {charged['totalTokens']:,} tokens.")
    screen.say(f"Counted by opencode-stats: {counted['totalTokens']:,} tokens.")
    screen.say("The scratch home is gone again; nothing of yours was touched. For the real thing: make install")
    return 0 if charged == counted else 1


def _watch(screen: Screen, scratch: Stage, run: Run, heading: str) -> None:
    with running(scratch.home, run.prompt, options=["--model", run.model]) as opencode:
        deadline_s = time.monotonic() + _LONGEST_RUN_S
        while opencode.running and time.monotonic() < deadline_s:
            screen.show(frame(heading, scratch.exporter.succeed()), time.monotonic())
            time.sleep(_REFRESH_S)
        done = opencode.wait(0.1)
        if done.returncode:
            raise RuntimeError(f"opencode run ended with {done.returncode}: {done.stderr}")


if __name__ == "__main__":
    sys.exit(main())

"""The shipped plugin in OpenCode's own run-time, writing more than a spool file holds, with a daemon and without."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Final

import pytest
from tests.e2e.rig.processes import eventually, started
from tests.e2e.rig.stage import Stage, plain_copy, stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.rig.processes import Started

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120, func_only=True)]

MESSAGES: Final = 2_500
TOKENS: Final = 7
FULL_BYTES: Final = 8 * 2**20

# Each message is told by two events of some eight kilobytes, most of it the names of its folders.
WRITER: Final = """
const { default: plugin } = await import(process.argv[2]);
const many = Number(process.argv[3]);
const hooks = await plugin.server({ directory: "/w", worktree: "/w", project: { id: "global" } });
const long = "/" + "w".repeat(4000);
const tokens = { input: 7, output: 0, reasoning: 0, cache: { read: 0, write: 0 } };
for (let number = 0; number < many; number += 1) {
  const created = Date.now();
  const id = `msg_${((BigInt(created) * 4096n + BigInt(number % 4096)) % (1n << 48n)).toString(16).padStart(12, "0")}`
    + String(number).padStart(14, "0");
  const info = { id, sessionID: "ses_1", role: "assistant", providerID: "mock", modelID: "mock-1", mode: "build",
    path: { cwd: long, root: long }, cost: 0 };
  const tell = (event, more) => hooks.event({ event: { id: `evt_${number}_${event}`, type: "message.updated",
    properties: { sessionID: "ses_1", info: { ...info, ...more } } } });
  await tell("begun", { tokens: { ...tokens, input: 0 }, time: { created } });
  await tell("ended", { tokens, time: { created, completed: created }, finish: "stop" });
}
console.log("written");
process.stdin.resume();
process.on("SIGTERM", async () => { await hooks.dispose(); process.exit(0); });
setInterval(() => {}, 1000);
"""


@contextlib.contextmanager
def writing(on_stage: Stage) -> Iterator[Started]:
    """A process that has told of all messages, and lives on."""
    home = on_stage.home
    script = home.root / "writer.ts"
    script.write_text(WRITER)
    plugin = home.config / "plugins" / "opencode-stats.ts"
    with started(
        [str(home.program), str(script), str(plugin), str(MESSAGES)],
        directory=home.project,
        environment=home.environment(home.project, {"BUN_BE_BUN": "1"}),
        logs=home.logs,
    ) as program:
        eventually(lambda: "written" in program.stdout, timeout_s=60, what=f"the writing ({program.stderr})")
        yield program


def parts(spool: Path) -> list[int]:
    """The parts that are there."""
    return sorted(int(path.suffixes[0][1:]) if len(path.suffixes) > 1 else 0 for path in spool.iterdir())


@pytest.mark.parametrize("daemon", [True, False])
def test_every_part_counts_once_and_a_full_one_goes_while_its_process_lives(
    program: Path, prepared_config: Path, daemon: bool
) -> None:
    with stage(program, prepared_config, install=plain_copy) as on_stage, contextlib.ExitStack() as opened:
        if daemon:
            opened.enter_context(on_stage.exporter.daemon())
        spool = on_stage.home.spool
        with writing(on_stage):
            last = parts(spool)[-1]
            assert last == 2 * MESSAGES * 8_000 // FULL_BYTES
            if not daemon:
                assert parts(spool) == list(range(last + 1))
                on_stage.exporter.succeed("import")
            eventually(lambda: parts(spool) == [last], what="the removal of what is full")
            document = on_stage.exporter.snapshot()
            assert document["total"]["messages"] == MESSAGES
            assert document["total"]["totalTokens"] == document["session"]["totalTokens"] == MESSAGES * TOKENS
            assert [run["live"] for run in document["sessions"]] == [True]
            assert document["exporter"]["health"] == {"status": "ok", "problems": []}
        document = on_stage.exporter.snapshot()
        assert document["session"]["state"] == "ended"
        assert list(spool.iterdir()) == []
        assert document["total"]["totalTokens"] == MESSAGES * TOKENS
        assert json.loads(on_stage.exporter.succeed("audit", "--json"))["toldLive"]["messages"] == MESSAGES

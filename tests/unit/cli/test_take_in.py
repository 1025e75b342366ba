"""``import``: what it says, with and without somebody who looks, and going on after an interruption."""

from __future__ import annotations

import json
import os
import pty
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.opencode_database import SAMPLE, OpenCodeDatabase

from opencode_stats.ledger import incoming

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Call
    from tests.unit.daemon.household import Household

SOURCES = Path(__file__).parents[3] / "exporter"


def on_terminal(home: Path, *arguments: str) -> tuple[int, str]:
    """Exit code, and all that a person at a terminal sees."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(SOURCES), "TERM": "xterm"}
    command = [sys.executable, "-m", "opencode_stats", *arguments]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(sys.executable, command, environment)
    seen = b""
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:
            break
        if not piece:
            break
        seen += piece
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen.decode()


@pytest.mark.processes
def test_a_bar_shows_how_far_it_is_then_what_was_new(tmp_path: Path) -> None:
    data = tmp_path / ".local" / "share" / "opencode"
    data.mkdir(parents=True)
    made = OpenCodeDatabase(data / "opencode.db").session("ses_1")
    for number in range(5):
        made.message("ses_1", 5, at_ms=1_795_262_400_000 + 1_000 * number)
    file = data / "storage" / "message" / "ses_0" / "msg_0.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"role": "assistant", "time": {"created": 1, "completed": 2}, "tokens": {"input": 1}}))

    code, seen = on_terminal(tmp_path, "import")
    assert (code, "OpenCode's history" in seen, "100%" in seen, "6 requests were new." in seen) == (0, True, True, True)

    code, seen = on_terminal(tmp_path, "import")
    assert (code, "were new" in seen, "Everything is taken in" in seen) == (0, False, True)


def test_what_is_new_and_in_no_total_is_told_apart(call: Call, household: Household) -> None:
    data = household.paths.opencode_data
    data.mkdir(parents=True)
    (data / "opencode.db").write_bytes(SAMPLE.read_bytes())

    said = call("import").stdout.splitlines()[0]

    assert said == (
        "11 requests were new. Of them in no total: 3 that a fork copied or somebody else made; "
        "2 whose tokens are not known."
    )
    assert household.stats["total"]["messages"] == 11 - 3 - 2


@pytest.mark.parametrize("command", [["import"], [], ["--json"], ["rebuild"]])
def test_an_interrupt_inside_of_sqlite_ends_it_and_is_no_damage(
    call: Call, household: Household, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    file = household.paths.opencode_data / "storage" / "message" / "ses_0" / "msg_0.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"role": "assistant", "time": {"created": 1, "completed": 2}, "tokens": {"input": 5}}))
    own, interrupts = incoming._id_contradicts_time, [signal.SIGINT]

    def interrupted(message: bytes, created_ms: int) -> object:
        if interrupts:
            os.kill(os.getpid(), interrupts.pop())
        return own(message, created_ms)

    monkeypatch.setattr(incoming, "_id_contradicts_time", interrupted)
    done = call(*command)

    assert (done.returncode, interrupts, done.stdout) == (1, [], "")
    kept = "What was taken in so far is kept; the next call goes on from there."
    assert done.stderr.split("\n") == ["", kept, "", "Aborted!", ""]
    assert call("import").returncode == 0
    assert household.stats["total"]["totalTokens"] == 5
    assert household.stats["exporter"]["health"]["problems"] == []
    assert not household.paths.damaged.exists()

"""A spool that nobody took in until it was full: the real plugin makes room, says so, and no token is missing."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import pytest
from tests.e2e.checks import assert_all_equal_books, assert_valid
from tests.e2e.exact import audited
from tests.e2e.rig.books import expected
from tests.e2e.rig.opencode import run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.rig.stage import Stage

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180, func_only=True)]

MIB = 2**20
CAP_BYTES = 64 * MIB


def fill(spool: Path) -> None:
    """Sixty-four mebibytes that processes of an earlier boot left, all younger than what is there, and no usage."""
    closed = {"v": 1, "type": "workspace.closed", "at_ms": time.time_ns() // 1_000_000, "directory": "/x"}
    line = json.dumps(closed | {"padding": "x" * (MIB - 150)})
    for number in range(8):
        path = spool / f"77-{number + 1}-11111111.jsonl"
        path.write_text(f"{line}\n" * 8)
        os.utime(path, (1_000 + number, 1_000 + number))


def test_what_went_is_counted_from_opencodes_database(on_stage: Stage) -> None:
    home, exporter = on_stage.home, on_stage.exporter
    for prompt in ("SCENARIO:tools", "SCENARIO:asks-child"):
        assert run(home, prompt).returncode == 0
    first = sorted(home.spool.iterdir())
    for path in first:
        os.utime(path, (1, 1))
    lines = sum(path.read_bytes().count(b"\n") for path in first)
    fill(home.spool)
    before = len(on_stage.charges)

    assert run(home, "SCENARIO:hello").returncode == 0

    assert [path for path in first if path.exists()] == []
    assert sum(path.stat().st_size for path in home.spool.iterdir()) <= CAP_BYTES + MIB
    gone = 2 + 8 - len(list(home.spool.glob("77-*")))
    assert gone == 2 + 1  # the third makes room for the file of this very process
    exporter.succeed("import")
    document = on_stage.published
    assert_valid(document)
    # Of titles only events tell.
    untitled = [charge for charge in on_stage.charges[:before] if charge.kind != "title"]
    assert_all_equal_books(document, untitled + on_stage.charges[before:])
    assert document["session"]["totalTokens"] == expected(on_stage.charges[before:])["totalTokens"]
    (problem,) = document["exporter"]["health"]["problems"]
    assert problem["code"] == "lost"
    assert f"{lines + 8} events" in problem["message"]
    told = [reason for reason in exporter.doctor()["lost events"] if "were removed" in reason]
    assert len(told) == 1
    messages = document["total"]["messages"] - document["session"]["messages"]
    assert f"{messages} messages of that time are counted from OpenCode's own storage instead" in told[0]
    audit = audited(exporter)
    assert audit["importedOnly"]["messages"] == messages

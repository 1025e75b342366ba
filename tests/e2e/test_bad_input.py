"""A foreign spool file full of nonsense, put there while OpenCode works."""

import json

import pytest
from tests.e2e.checks import assert_valid
from tests.e2e.rig.books import expected
from tests.e2e.rig.opencode import serving
from tests.e2e.rig.stage import Stage

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180, func_only=True)]

BOOT = "deadbeef-0000-4000-8000-000000000000"
RUN = {"pid": 4_242, "boot_id": BOOT, "pid_ns": "1", "start_ticks": 7}
AT_MS = 1_700_000_000_000
TOKENS = {"input": 100, "output": 20, "reasoning": 3, "cache_read": 0, "cache_write": 0}


def line(**keys: object) -> bytes:
    return json.dumps({"v": 1, "at_ms": AT_MS, **keys}).encode() + b"\n"


def message(number: int) -> bytes:
    """The begin and the end of one message. Its id tells the time it was made, as OpenCode's do."""
    known = {
        "type": "message.snapshot",
        "conversation": "ses_foreign",
        "message": f"msg_{((AT_MS << 12) + number) % 2**48:012x}{number:014}",
        "provider": "mock",
        "model": "mock-1",
        "created_ms": AT_MS,
    }
    return line(**known) + line(**known, tokens=TOKENS, completed_ms=AT_MS, finish="stop")


def test_nonsense_is_quarantined_the_rest_counts_and_doctor_says_so(on_stage: Stage) -> None:
    home, exporter = on_stage.home, on_stage.exporter
    nonsense = [
        b"\x00\xff\xfe not JSON at all \x80\n",
        b'{"v": 99, "type": "run.ended", "at_ms": 1}\n',
        line(type="nobody.knows.this"),
        line(type="message.snapshot", conversation="ses_foreign", message="msg_x", tokens={"input": -1}),
        b'{"v": 1, "type": "conversation.idle", "padding": "' + b"x" * 10_000_000 + b'"}\n',
    ]
    half = b'{"v": 1, "type": "run.en'
    with exporter.daemon() as daemon, serving(home) as server:
        conversation = server.conversation(home.project)
        server.prompt_async(home.project, conversation, "SCENARIO:tool-then-held GATE:bad")
        on_stage.provider.gates.wait_reached("bad")
        with (home.spool / "4242-7-deadbeef.jsonl").open("wb") as spool:
            spool.write(line(type="run.started", run=RUN, api=1, plugin_version="0.1.0"))
            for number, bad in enumerate(nonsense):
                spool.write(bad)
                spool.write(message(number))
                spool.flush()
            spool.write(half)
        on_stage.provider.gates.open("bad")
        server.wait_idle(home.project)
        exporter.succeed("import")
        document = exporter.snapshot()
        report = exporter.doctor()
        assert daemon.running

    foreign = len(nonsense) * sum(TOKENS.values())
    assert_valid(document)
    assert document["session"]["totalTokens"] == expected(on_stage.charges)["totalTokens"]
    assert document["total"]["totalTokens"] == expected(on_stage.charges)["totalTokens"] + foreign
    assert document["exporter"]["health"]["status"] == "degraded"
    reasons = "\n".join(report["quarantine"])
    assert sum(int(reason.split(" ")[0]) for reason in report["quarantine"]) == len(nonsense) + 1
    assert "longer than" in reasons
    assert "half a line at the end" in reasons
    kept = {path.read_bytes() for path in (home.state / "quarantine").iterdir()}
    assert kept == {bad.removesuffix(b"\n") for bad in nonsense} | {half}

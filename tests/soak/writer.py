"""Plays OpenCode with the plugin in it: a spool file of its own, three lines a message, some twice; then its end."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parent))

from story import KINDS, SHARED_EVERY, Plan, counts, identity, model  # type: ignore[import-not-found]  # beside it


class Writer:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.rng = Random(plan.writer)
        stat = Path("/proc/self/stat").read_text()
        start_ticks = int(stat[stat.rfind(")") + 1 :].split()[19])
        boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        path = f"{plan.spool}/{os.getpid()}-{start_ticks}-{boot_id[:8]}.jsonl"
        self.descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self.events = 0
        run = {
            "pid": os.getpid(),
            "boot_id": boot_id,
            "pid_ns": str(os.stat("/proc/self/ns/pid").st_ino),
            "start_ticks": start_ticks,
        }
        self.write(type="run.started", run=run, api=1, plugin_version="0.1.0")
        self.write(type="workspace.opened", directory=f"/soak/{plan.writer}")

    def write(self, **members: object) -> None:
        line = {"v": 1, "at_ms": time.time_ns() // 1_000_000, **members}
        os.write(self.descriptor, (json.dumps(line, separators=(",", ":")) + "\n").encode())

    def ring(self) -> None:
        try:
            descriptor = os.open(self.plan.doorbell, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return
        try:
            os.write(descriptor, b"\n")
        except BlockingIOError:
            pass
        finally:
            os.close(descriptor)

    def open_conversation(self, writer: int) -> None:
        seen = {"conversation": f"ses_soak{writer}", "change": "created", "created_ms": self.plan.base_ms - 1}
        self.write(type="conversation.seen", directory=f"/soak/{writer}", **seen)

    def message(self, writer: int, number: int) -> None:
        """Begun, with its tokens, completed; now and then a line twice, or two in another order."""
        message, created_ms = identity(writer, number, self.plan.base_ms)
        said = {
            "type": "message.snapshot", "conversation": f"ses_soak{writer}", "message": message, "agent": "build",
            "provider": "soak", "model": model(writer, number), "directory": f"/soak/{writer}",
            "created_ms": created_ms,
        }  # fmt: skip
        tokens = dict(zip(KINDS, counts(writer, number), strict=True))
        lines: list[dict[str, object]] = [
            {**said, "tokens": dict.fromkeys(KINDS, 0), "cost_usd": 0},
            {**said, "tokens": tokens, "cost_usd": 0.001, "finish": "stop"},
            {**said, "tokens": tokens, "cost_usd": 0.001, "finish": "stop", "completed_ms": created_ms + 1},
        ]
        if self.rng.random() < 0.1:
            lines.reverse()
        for line in lines:
            self.events += 1
            line["event"] = f"evt_{created_ms:014d}{self.plan.writer:04d}{self.events:08d}"
            for _ in range(2 if self.rng.random() < 0.2 else 1):
                self.write(**line)
        self.ring()

    def work(self) -> None:
        plan = self.plan
        neighbour = plan.writer ^ 1
        for writer in (plan.writer, neighbour):
            self.open_conversation(writer)
        for number in range(plan.messages):
            self.message(plan.writer, number)
            if number % SHARED_EVERY == 0:
                self.message(neighbour, number)
            if number % 5 == 4:
                self.write(type="conversation.idle", conversation=f"ses_soak{plan.writer}")
            time.sleep(plan.pause_s)

    def end(self) -> None:
        if self.plan.ending == "goodbye":
            self.write(type="run.ended")
            self.ring()
            return
        if self.plan.ending == "torn":
            os.write(self.descriptor, b'{"v":1,"type":"message.snapshot","at_ms":1,"tokens":{"input":99')
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    one = Writer(Plan(**json.loads(sys.argv[1])))
    one.work()
    one.end()

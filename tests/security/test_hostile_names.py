"""Names that would command a terminal, break a panel's markup or lead out of a folder, through every command."""

from __future__ import annotations

import json
import os
import time
import unicodedata
from typing import TYPE_CHECKING

from tests.support.opencode_database import OpenCodeDatabase
from tests.support.script import Script

from opencode_stats.core.models import LONGEST_KEY
from opencode_stats.host.lock import exporter_lock

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.daemon.household import Household

NAMES = [
    "\x1b[2J\x1b[31mred",
    "\x1b]8;;http://evil.example\x07click\x1b]8;;\x07",
    "\x1b]52;c;aGFja2Vk\x07",
    "\x9b31mC1",
    "<span foreground='red'>&lt;b&gt;&amp;</span>",
    "../../../../etc/passwd",
    "\u202eexe.tset",
    "a\nb\r\nFAKE: line\ttab",
    "=cmd|'/C calc'!A0",
    "$(touch hacked); `touch hacked`",
    "%s %n {0} ${HOME}",
    "e" + "\u0301" * 500,
    "x" * 4096,
]
BARS = ("i3blocks", "plain", "polybar", "starship", "tmux", "waybar", "xbar")
READERS = [
    *(["history", "--split", split] for split in ("model", "provider", "workspace", "agent")),
    *([reader, *form] for reader in ("history", "models", "workspaces", "agents") for form in ([], ["--json"])),
    *(["statusline", "--format", bar, "--text", "{session.model} {total.model}"] for bar in BARS),
]
UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}


def seen(text: str) -> bool:
    return {unicodedata.category(char) for char in text.replace("\n", "")}.isdisjoint(UNSEEN)


def everything_below(home: Path) -> set[str]:
    return {str(path.relative_to(home)) for path in home.rglob("*")}


def test_they_count_are_shown_and_do_nothing(household: Household) -> None:
    now_ms = time.time_ns() // 1_000_000 - 60_000
    script = Script(pid=os.getpid(), at_ms=now_ms).started().conversation("ses_a")
    for number, name in enumerate(NAMES):
        directory = f"/{name}"[:4096]
        script.answer("ses_a", f"msg_{number}", input=1, provider=name, model=name, agent=name, directory=directory)
    household.write(script)
    data = household.paths.opencode_data
    data.mkdir(parents=True)
    database = OpenCodeDatabase(data / "opencode.db").session("ses_b", time_created=now_ms - 1_000)
    for name in [*NAMES, "y" * 2**20, "y" * 2**20 + "z", "\ud800"]:
        database.message("ses_b", 100, at_ms=now_ms, modelID=name, providerID=name, agent=name)
    before = everything_below(household.home)

    said = [household.call(*command) for command in (["import"], [], ["verify"], ["audit"], ["doctor"], ["rebuild"])]
    said += [household.call("audit", "--json"), household.call("doctor", "--json")]

    said += [household.call(*command) for command in READERS]

    assert [done.returncode for done in (*said[:4], *said[-len(READERS) :])] == [0] * (4 + len(READERS)), said
    assert [done for done in said if not seen(done.stdout + done.stderr) or "Traceback" in done.stderr] == []
    document = json.loads(household.paths.stats_file.read_bytes().decode("utf-8"))
    models = document["total"]["models"]
    assert document["total"]["totalTokens"] == len(NAMES) + 100 * (len(NAMES) + 3)
    # Every name is one model, the two of a megabyte as well; each key is of a bounded length.
    assert len(models) == len(NAMES) + 3
    assert sum(model["totalTokens"] for model in models.values()) == document["total"]["totalTokens"]
    assert max(map(len, models)) <= LONGEST_KEY
    assert household.paths.stats_file.stat().st_size < 200_000
    ours = {".local/share/opencode-stats", ".local/state/opencode-stats", ".local/share/opencode/stats.json"}
    made = everything_below(household.home) - before
    assert {name for name in made if not any(name.startswith(own) for own in ours)} == set()


def test_a_stats_file_of_somebody_elses_with_names_of_a_megabyte(household: Household) -> None:
    """Ours are shorter; what is read is shown all the same, and shortened."""
    household.write(
        Script(pid=os.getpid(), at_ms=time.time_ns() // 1_000_000 - 60_000).started().answer("ses_a", input=1)
    )
    assert household.call("import").returncode == 0
    document = json.loads(household.paths.stats_file.read_bytes())
    for name in ("\x1b[2J" + "y" * 2**20, "<b>&" + "z" * 2**20):
        for section in ("session", "daily", "total"):
            (model, *_) = document[section]["models"].values()
            document[section]["models"][name] = {**model, "totalTokens": 10**9}
            document[section]["tokensByModel"][name] = 10**9
    household.paths.stats_file.write_text(json.dumps(document))

    with exporter_lock(household.paths.lock, os.getpid()):
        said = [household.call(), *(household.call(*reader) for reader in READERS if reader[0] == "statusline")]

    assert [done.returncode for done in said] == [0] * len(said), said
    assert [done for done in said if not seen(done.stdout + done.stderr) or len(done.stdout) > 5_000] == []


def test_a_project_with_such_a_name(household: Household) -> None:
    project = household.home / "\x1b[31m\x1b]0;title\x07\u202e<b>"
    project.mkdir()

    done = household.call("setup", "--project", str(project), "--no-service", "--dry-run")
    refused = household.call("setup", "--project", str(project), "--no-service")

    assert (done.returncode, refused.returncode) == (0, 2)
    assert seen(done.stdout + done.stderr + refused.stdout + refused.stderr)
    assert r"\u001b[31m" in done.stdout


def test_the_log_too(household: Household) -> None:
    data = household.paths.opencode_data
    data.mkdir(parents=True)
    (data / "opencode-\x1b[2J\nERROR forged.db").write_bytes(b"this was never a database" * 100)

    with household.daemon("--verbose") as daemon:
        household.call("--json")
        daemon.end()

    assert seen(daemon.log)
    assert not any(line.startswith("ERROR") for line in daemon.log.splitlines())
    assert seen(household.call("doctor").stdout)

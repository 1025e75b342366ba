"""The Debian package on a machine that was never used before, without a network: from installation to removal."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.e2e_setup.manager import eventually
from tests.support.old_ledgers import FOLDER, TOKENS, story

from opencode_stats import __version__
from release.debian import debian_package
from release.documents import documents
from release.project import ROOT, read_project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.packages.rig.machine import Machine

pytestmark = pytest.mark.packages

STATE = ".local/state/opencode-stats"
LEDGER = ".local/share/opencode-stats/ledger.db"


def total(machine: Machine) -> int:
    document = json.loads(machine.does("opencode-stats", "--json"))
    return int(document["total"]["totalTokens"])


def write_spool(machine: Machine) -> None:
    for script in story():
        machine.gives(script.content, f"{STATE}/spool/{script.file_name}")


def test_installed_used_taken_away_and_installed_again(fresh: Machine, package: Path) -> None:
    fresh.installs(package)

    assert fresh.does("opencode-stats", "--version") == f"opencode-stats, version {__version__}\n"
    told = fresh.does("opencode-stats", "setup", "--yes")
    assert "This will be done:" in told
    assert "Set up. The plugin starts the exporter together with OpenCode." in told
    assert "Everything is set up already; nothing to do." in fresh.does("opencode-stats", "setup", "--yes")
    record = json.loads((fresh.home / ".config/opencode/plugins/opencode-stats.json").read_text("utf-8"))
    assert "/usr/bin/opencode-stats" in record["autostart"]

    write_spool(fresh)
    assert total(fresh) == TOKENS
    assert f"{TOKENS:,}" in fresh.does("opencode-stats")
    findings = json.loads(fresh.tries("opencode-stats", "doctor", "--json").out)["findings"]
    assert {each["about"] for each in findings if each["verdict"] != "ok"} == {"OpenCode"}
    fresh.does("opencode-stats", "verify")

    told = fresh.does("opencode-stats", "uninstall", "--yes")
    assert "The program itself: apt remove opencode-stats, as root." in told
    listed = fresh.does("dpkg-query", "--listfiles", "opencode-stats").splitlines()
    ours = [name for name in listed if "opencode" in name and not (fresh.root / name[1:]).is_dir()]
    fresh.does("apt-get", "remove", "-qy", "opencode-stats", root=True)

    assert len(ours) > 100
    assert [name for name in ours if (fresh.root / name[1:]).exists()] == []
    assert not (fresh.root / "usr/lib/python3/dist-packages/opencode_stats").exists()
    assert (fresh.home / LEDGER).exists()
    fresh.installs(package)
    assert total(fresh) == TOKENS


def test_an_upgrade_keeps_all_figures_and_the_daemon_makes_room_for_the_new_version(
    fresh: Machine, dist: Path, package: Path, tmp_path: Path
) -> None:
    """The older package is today's program under a lower number; older ledgers have the test after this."""
    project = replace(read_project(), version="0.0.1")
    (wheel,) = dist.glob("*.whl")
    name, content = debian_package(
        project,
        wheel.read_bytes(),
        documents(project.version, 0),
        licence=(ROOT / "LICENSE").read_text("utf-8"),
        epoch_s=1_000_000_000,
        scratch=tmp_path / "older",
    )
    older = tmp_path / name
    older.write_bytes(content)
    fresh.installs(older)
    fresh.does("opencode-stats", "setup", "--yes", "--no-service")
    write_spool(fresh)
    command = fresh.command("opencode-stats", "daemon", "--supervised", "--scan", "0.5")
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(command, env=fresh.environment(), stdin=subprocess.DEVNULL, stderr=log) as daemon,
    ):
        try:
            eventually(lambda: published(fresh) == TOKENS, timeout_s=60, what="the daemon's figures")

            fresh.installs(package)

            code = daemon.wait(90)
        finally:
            daemon.kill()
    assert code == 75, (tmp_path / "log").read_text()
    assert "Version: " + __version__ in fresh.does("dpkg-query", "--status", "opencode-stats")
    assert total(fresh) == TOKENS
    fresh.does("opencode-stats", "verify")


def published(machine: Machine) -> int:
    try:
        document = json.loads((machine.home / ".local/share/opencode/stats.json").read_text("utf-8"))
    except FileNotFoundError:
        return -1
    return int(document["total"]["totalTokens"])


def test_a_ledger_of_every_past_schema_keeps_its_figures(fresh: Machine, package: Path, tmp_path: Path) -> None:
    fresh.installs(package)
    dumps = sorted(FOLDER.glob("*.dump"))
    assert dumps
    for dump in dumps:
        file = tmp_path / f"{dump.stem}.db"
        with closing(sqlite3.connect(file, isolation_level=None)) as old:
            old.executescript(dump.read_text("utf-8"))
        home = f"homes/{dump.stem}"
        fresh.gives(file.read_bytes(), f"{home}/{LEDGER}")
        where = {"HOME": f"{fresh.environment()['HOME']}/{home}"}

        document = json.loads(fresh.does("opencode-stats", "--json", env=where))

        assert document["total"]["totalTokens"] == TOKENS, dump.stem
        fresh.does("opencode-stats", "verify", env=where)


def test_lintian_has_no_complaint(workshop: Machine, package: Path) -> None:
    (workshop.root / "tmp" / package.name).write_bytes(package.read_bytes())

    done = workshop.tries(
        "lintian", "--fail-on=error,warning", "--info", "--tag-display-limit=0", f"/tmp/{package.name}"
    )

    assert (done.code, done.out) == (0, ""), done.out


def test_the_page_and_the_unit_are_ones_that_their_readers_take(workshop: Machine, package: Path) -> None:
    workshop.installs(package)

    page = workshop.does("man", "--warnings", "opencode-stats", env={"MANPAGER": "cat"})
    assert "opencode-stats - what OpenCode spends" in page
    lint = workshop.tries("sh", "-c", "zcat /usr/share/man/man1/opencode-stats.1.gz | mandoc -T lint -W warning")
    assert (lint.code, lint.out) == (0, "")

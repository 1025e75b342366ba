"""The Debian package on a machine that was never used before, without a network: from installation to removal."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.packages.rig.life import (
    LEDGER,
    NEW_VERSION,
    about_notifications,
    assert_as_new,
    assert_can_be_used,
    supervised_daemon,
    total,
    write_spool,
)
from tests.packages.rig.older import OLDER
from tests.support.old_ledgers import FOLDER, TOKENS

from opencode_stats import __version__
from release.debian import debian_package
from release.documents import documents
from release.project import ROOT, read_project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.packages.rig.machine import Machine

# A machine at work on other things takes its time; only what hangs takes so long.
pytestmark = [pytest.mark.packages, pytest.mark.timeout(900)]


def test_installed_used_taken_away_and_installed_again(fresh: Machine, package: Path) -> None:
    fresh.installs(package)

    assert fresh.does("opencode-stats", "--version") == f"opencode-stats, version {__version__}\n"
    adds = "apt install python3-dbus-fast, as root,"
    assert_can_be_used(fresh, "/usr/bin/opencode-stats", f"dbus-fast is not installed ({adds} adds it)")
    # It is recommended, and this machine installs nothing that is only that.
    assert "python3-dbus-fast" in fresh.does("dpkg-query", "--show", "--showformat=${Recommends}", "opencode-stats")
    fresh.does("apt-get", "install", "-qy", "python3-dbus-fast", root=True)
    assert about_notifications(fresh) == "nobody shows them: there is no session bus."
    for name in ("asking", "figures", "speaking"):
        fresh.does("python3", "-c", f"import opencode_stats.desktop.{name}")

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
    fresh: Machine, older_wheel: Path, package: Path, tmp_path: Path
) -> None:
    project = replace(read_project(), version=OLDER)
    name, content = debian_package(
        project,
        older_wheel.read_bytes(),
        documents(project.version, 0),
        licence=(ROOT / "LICENSE").read_text("utf-8"),
        epoch_s=1_000_000_000,
        scratch=tmp_path / "older",
    )
    older = tmp_path / name
    older.write_bytes(content)
    fresh.installs(older)
    assert OLDER in fresh.does("opencode-stats", "--version")
    fresh.does("opencode-stats", "setup", "--yes", "--no-service")
    write_spool(fresh)

    with supervised_daemon(fresh) as daemon:
        fresh.installs(package)
        assert daemon.ends() == NEW_VERSION

    assert_as_new(fresh)


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

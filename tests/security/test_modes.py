"""Folders are 0700 and files 0600 whatever the umask: what one user spends is nobody else's to see or to change."""

from __future__ import annotations

import stat
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.unit.daemon.household import COMMAND, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.daemon.household import Household

UMASKS = [0o000, 0o022, 0o077, 0o277, 0o777]


def modes(home: Path) -> dict[str, str]:
    """Every file and folder below, with its kind and mode."""
    found = {}
    for path in sorted(home.rglob("*")):
        try:
            mode = path.lstat().st_mode
        except FileNotFoundError:
            # What is written is put in its place from beside it, meanwhile too.
            assert path.name.endswith(".tmp")
            continue
        found[str(path.relative_to(home))] = f"{stat.filemode(mode)[0]}{stat.S_IMODE(mode):o}"
    temporary = {name for name in found if name.endswith(".tmp")}
    assert {found.pop(name) for name in temporary} <= {"-600"}
    return found


@pytest.mark.parametrize("umask", UMASKS, ids=oct)
def test_what_the_daemon_makes(household: Household, umask: int) -> None:
    with household.daemon(umask=umask), household.opencode() as opencode:
        # A line that is none, so that there is a quarantine, and a message, so that the ledger has a log.
        opencode.script.conversation("ses_a").answer("ses_a", input=7)
        household.tell(opencode)
        spool_file = household.paths.spool / opencode.script.file_name
        with spool_file.open("ab") as spool:
            spool.write(b"nonsense\n")
        household.ring()
        until(lambda: household.paths.quarantine.exists() and household.tokens == 7, "the message and the bad line")
        until(household.paths.told.exists, "what a thread writes")
        found = modes(household.home)

    # Those two were made by the test.
    del found["tmp"], found[str(spool_file.relative_to(household.home))]
    # A backup is made in the background, and may be under way.
    backups = {name: found.pop(name) for name in tuple(found) if "/backups" in name}
    assert set(backups.values()) <= {"d700", "-600"}
    share, state = ".local/share", ".local/state"
    bad = next(name for name in found if name.endswith(".bad"))
    assert found == {
        ".local": "d700",
        share: "d700",
        f"{share}/opencode": "d700",
        f"{share}/opencode/stats.json": "-600",
        f"{share}/opencode-stats": "d700",
        f"{share}/opencode-stats/ledger.db": "-600",
        f"{share}/opencode-stats/ledger.db-shm": "-600",
        f"{share}/opencode-stats/ledger.db-wal": "-600",
        f"{share}/opencode-stats/tmp": "d700",
        state: "d700",
        f"{state}/opencode-stats": "d700",
        f"{state}/opencode-stats/control.sock": "s600",
        f"{state}/opencode-stats/doorbell": "p600",
        f"{state}/opencode-stats/lock": "-600",
        f"{state}/opencode-stats/quarantine": "d700",
        bad: "-600",
        f"{state}/opencode-stats/spool": "d700",
        f"{state}/opencode-stats/stamp": "d700",
        f"{state}/opencode-stats/stamp/published": "-600",
        f"{state}/opencode-stats/told.json": "-600",
    }


@pytest.mark.parametrize("umask", UMASKS, ids=oct)
def test_what_setup_makes(household: Household, umask: int) -> None:
    done = subprocess.run(
        [*COMMAND, "setup", "--yes"],
        env=household.environment,
        capture_output=True,
        text=True,
        check=False,
        umask=umask,
    )

    assert done.returncode == 0, done
    found = modes(household.home)
    # No systemd manager answers here, so the plugin is to start the exporter, and the settings say so.
    for name in (
        ".config/opencode/plugins/opencode-stats.ts",
        ".config/opencode/plugins/opencode-stats.json",
        ".config/opencode-stats/settings.toml",
        ".config/systemd/user/opencode-stats.service",
        ".local/share/opencode-stats/setup.json",
    ):
        assert found.get(name, "-600") == "-600", name
    assert ".config/opencode-stats/settings.toml" in found
    own = {name: mode for name, mode in found.items() if name != "tmp"}
    assert {mode for mode in own.values() if mode[0] == "d"} == {"d700"}
    assert {mode for mode in own.values() if mode[0] == "-"} == {"-600"}

"""setup and uninstall on a machine that says it is a Mac; launchctl is the tests' own, the exporter is the real one."""

from __future__ import annotations

import json
import plistlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support import launchctl
from tests.support.old_ledgers import TOKENS, story
from tests.unit.daemon.household import until

from opencode_stats.cli.agent_checks import agent_findings
from opencode_stats.host.lock import holder_of, is_held
from opencode_stats.install.launchd import LABEL, LAUNCHD
from opencode_stats.install.survey import Machine
from opencode_stats.install.user_services import real_runner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.cli.conftest import Call
    from tests.unit.daemon.household import Household

pytestmark = pytest.mark.processes


@pytest.fixture
def mac(household: Household, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    """The household as a Mac; what launchd runs there is ended with the test."""
    home = household.home
    for folder in ("bin", "launchd", "Library/Logs"):
        (home / folder).mkdir(parents=True)
    # As the user's machine has it, without PYTHONPATH: what launchd starts must find its modules by itself.
    program = home / "bin" / "launchctl"
    program.symlink_to(Path(str(launchctl.__file__)))
    env = household.environment | {
        "PATH": f"{home}/bin:{household.environment['PATH']}",
        "FAKE_LAUNCHD": str(home / "launchd"),
    }
    machine = Machine(env, home, household.paths, real_runner(env, 0), "darwin")
    for module in ("setup", "uninstall"):
        monkeypatch.setattr(f"opencode_stats.cli.{module}.this_machine", lambda: machine)
    yield machine
    program.unlink(missing_ok=True)
    program.symlink_to(Path(str(launchctl.__file__)))
    assert machine.services.stop().code == 0


def service_of(mac: Machine) -> tuple[str, str]:
    (found,) = agent_findings(mac)
    assert bool(found.mend) == (found.verdict != "ok")
    return found.verdict, found.reason


def test_launchd_runs_the_exporter_from_setup_to_uninstall(call: Call, household: Household, mac: Machine) -> None:
    file = LAUNCHD.file(household.paths)

    done = call("setup", "--yes", "--no-gnome")

    assert done.returncode == 0, done
    assert f"start the launchd agent {LABEL}, now and at every login" in done.stdout
    assert "Set up. The exporter runs as a launchd agent." in done.stdout
    agent = plistlib.loads(file.read_bytes())
    assert agent["ProgramArguments"][-2:] == ["daemon", "--supervised"]
    assert agent["EnvironmentVariables"]["XDG_STATE_HOME"] == str(household.paths.state.parent)
    record = json.loads((household.paths.opencode_config / "plugins/opencode-stats.json").read_text("utf-8"))
    assert record["autostart"] is None

    # The doorbell is there some moments after the lock is held.
    until(household.paths.doorbell.exists, "the exporter")
    assert holder_of(household.paths.lock) == int((household.home / "launchd" / LABEL).read_text())
    for script in story():
        household.write(script)
    household.ring()
    until(lambda: household.tokens == TOKENS, "the figures")
    assert "nothing to do" in call("setup", "--yes", "--no-gnome").stdout
    assert service_of(mac) == ("ok", "started at every login; works in the same folders as this command.")
    mac.services.stop()
    assert service_of(mac) == ("warn", f"the launchd agent {LABEL} does not run.")

    done = call("uninstall", "--yes")

    assert done.returncode == 0, done
    assert f"stop the launchd agent {LABEL}" in done.stdout
    assert not file.exists()
    assert not is_held(household.paths.lock)
    assert household.paths.ledger.exists()


def test_an_exporter_that_launchd_can_not_keep_is_told_with_what_to_do(
    call: Call, household: Household, mac: Machine
) -> None:
    (household.home / "bin" / "launchctl").unlink()
    refusing = (
        '#!/bin/sh\ncase "$1 $2" in "print gui/"*/*) exit 113 ;; "bootstrap "*) echo refused >&2; exit 5 ;; esac\n'
    )
    (household.home / "bin" / "launchctl").write_text(refusing)
    (household.home / "bin" / "launchctl").chmod(0o755)

    done = call("setup", "--yes", "--no-gnome")

    assert done.returncode != 0
    assert "refused" in done.stdout + done.stderr
    assert "tail ~/Library/Logs/opencode-stats.log" in done.stdout + done.stderr


def test_without_a_session_the_plugin_starts_the_exporter(call: Call, household: Household, mac: Machine) -> None:
    """Over ssh, say: nobody is logged in at the screen."""
    (household.home / "bin" / "launchctl").unlink()
    (household.home / "bin" / "launchctl").write_text("#!/bin/sh\nexit 125\n")
    (household.home / "bin" / "launchctl").chmod(0o755)

    done = call("setup", "--yes", "--no-gnome")

    assert done.returncode == 0, done
    assert "The plugin starts the exporter together with OpenCode." in done.stdout
    assert not LAUNCHD.file(household.paths).exists()


def test_doctor_tells_of_an_agent_that_is_not_as_setup_makes_it(call: Call, household: Household, mac: Machine) -> None:
    assert agent_findings(mac) == []
    assert call("setup", "--yes", "--no-gnome").returncode == 0
    file = LAUNCHD.file(household.paths)
    text = file.read_bytes()

    file.write_bytes(text.replace(b"ThrottleInterval", b"ThrottleIntervall"))
    assert service_of(mac) == (
        "warn",
        f"{file} is of another version, or names other folders than this command's environment.",
    )
    file.write_bytes(b"<plist/>")
    assert service_of(mac) == ("fail", f"{file} is not from opencode-stats.")
    file.write_bytes(text)
    (household.home / "bin" / "launchctl").unlink()
    assert service_of(mac) == ("warn", f"{file} is there, but no launchd session answers.")

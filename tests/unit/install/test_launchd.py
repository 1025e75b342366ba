"""launchd's property list, and what is asked of launchctl. ``tests/unit/cli/test_launch_agent.py`` does it for real."""

from __future__ import annotations

import plistlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from opencode_stats.errors import UserError
from opencode_stats.host.paths import Paths
from opencode_stats.install.launchd import LABEL, LAUNCHD, LaunchAgents, agent_text, is_agent_of_ours
from opencode_stats.install.service import SYSTEMD
from opencode_stats.install.user_services import NOT_FOUND, Outcome, ServiceState

if TYPE_CHECKING:
    from collections.abc import Sequence

HOME = Path("/Users/ada")
COMMAND = ("/opt/ä <b> & \"c\" 'd' $e/opencode-stats", "daemon", "--supervised")
AGENT = f"gui/501/{LABEL}"


def test_the_list_says_what_launchd_reads() -> None:
    text = agent_text(COMMAND, {"XDG_STATE_HOME": "/Users/ada/.local/state"}, "0.1.0+ab", HOME / "log")

    assert plistlib.loads(text.encode()) == {
        "Label": "io.github.opencode-stats",
        "ProgramArguments": list(COMMAND),
        "EnvironmentVariables": {"XDG_STATE_HOME": "/Users/ada/.local/state"},
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": 30,
        "ProcessType": "Background",
        "Umask": 0o077,
        "StandardErrorPath": "/Users/ada/log",
    }
    assert text == agent_text(COMMAND, {"XDG_STATE_HOME": "/Users/ada/.local/state"}, "0.1.0+ab", HOME / "log")
    assert text != agent_text(COMMAND, {"XDG_STATE_HOME": "/Users/ada/.local/state"}, "0.1.1+ab", HOME / "log")


def test_ours_is_known_by_its_comment() -> None:
    text = agent_text(COMMAND, {}, "0.1.0+ab", HOME)

    assert is_agent_of_ours(text.encode())
    assert not is_agent_of_ours(plistlib.dumps({"Label": LABEL}))
    assert not SYSTEMD.is_ours(text.encode())


@pytest.mark.parametrize("word", ["bell\x07", "\udcff"])
def test_what_launchd_can_not_be_told_is_refused(word: str) -> None:
    with pytest.raises(UserError, match=r"^launchd can't be told one of these paths .* Use setup --no-service\.$"):
        agent_text((f"/opt/{word}",), {}, "x", HOME)


def test_the_file_is_where_launchd_looks() -> None:
    paths = Paths.of({"XDG_CONFIG_HOME": "/elsewhere"}, HOME)

    assert LAUNCHD.file(paths) == HOME / "Library/LaunchAgents/io.github.opencode-stats.plist"
    document = plistlib.loads(LAUNCHD.text(COMMAND, {}, "x", paths).encode())
    assert document["StandardErrorPath"] == "/Users/ada/Library/Logs/opencode-stats.log"


class Launchctl:
    """Answers from a table of first words; what is not there succeeds."""

    def __init__(self, **answers: Outcome) -> None:
        self.answers = answers
        self.calls: list[str] = []

    def __call__(self, command: Sequence[str], *, timeout_s: float) -> Outcome:
        program, verb, target, *rest = command
        assert program == "launchctl"
        self.calls.append(" ".join([verb, target, *rest]))
        return self.answers.get(f"{verb}_agent" if target == AGENT else verb, Outcome(0))


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ({"print": Outcome(NOT_FOUND)}, ServiceState(reachable=False)),
        ({"print_agent": Outcome(113)}, ServiceState(reachable=True)),
        ({"print_agent": Outcome(0, "{\n\tstate = waiting\n}")}, ServiceState(reachable=True, enabled=True)),
        (
            {"print_agent": Outcome(0, "{\n\tstate = running\n}")},
            ServiceState(reachable=True, enabled=True, active=True),
        ),
        (
            {"print_agent": Outcome(0, "\t\tlast state = running too\n")},
            ServiceState(reachable=True, enabled=True),
        ),
    ],
)
def test_the_state_is_what_launchctl_prints(answers: dict[str, Outcome], state: ServiceState) -> None:
    assert LaunchAgents(Launchctl(**answers), 501).state() == state


def test_starting_loads_the_file_anew_and_tells_what_fails() -> None:
    launchctl = Launchctl(bootout_agent=Outcome(3, err="not loaded"))

    assert LaunchAgents(launchctl, 501).start(Path("/f.plist")).code == 0
    assert launchctl.calls == [
        f"bootout {AGENT}",
        f"enable {AGENT}",
        "bootstrap gui/501 /f.plist",
        f"kickstart {AGENT}",
    ]

    failing = Launchctl(bootstrap=Outcome(5, err="Bootstrap failed: 5"))
    assert LaunchAgents(failing, 501).start(Path("/f.plist")).err == "Bootstrap failed: 5"
    assert f"kickstart {AGENT}" not in failing.calls


def test_stopping_is_fine_where_nothing_is_loaded_and_fails_where_it_stays() -> None:
    gone = Launchctl(bootout_agent=Outcome(3), print_agent=Outcome(113))
    stays = Launchctl(bootout_agent=Outcome(36, err="in progress"), print_agent=Outcome(0))

    assert LaunchAgents(gone, 501).stop() == Outcome(0)
    assert LaunchAgents(stays, 501).stop().code == 36

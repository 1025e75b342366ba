"""The rules of the house that a machine can hold: who imports whom, how long a file is, what a glance costs."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import click
import pytest
from tests.support.ledgers import ledger_in_memory, stats_of

from opencode_stats.cli.main import COMMANDS, cli
from opencode_stats.cli.statusline import FORMATS
from opencode_stats.contract.stats_document import document_of, encode
from opencode_stats.host.control import address_of
from opencode_stats.host.lock import exporter_lock
from opencode_stats.host.paths import Paths

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "exporter/opencode_stats"
LONGEST_FILE_LINES = 320
WRITTEN_BY_HAND = {".py", ".ts", ".js", ".mjs", ".sql", ".sh"}
GENERATED = {"exporter/opencode_stats/install/opencode-stats.ts", ".opencode/plugins/opencode-stats.ts"}
TO_BE_SPLIT = {"tests/unit/install/test_plan.py"}
HEAVY = {"pydantic", "watchfiles", "filelock", "psutil", "platformdirs", "asyncio", "rich", "sqlite3"}


def run(*command: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **(env or {})}, capture_output=True, text=True, timeout=25, check=False
    )


@pytest.mark.processes
def test_imports_go_one_way_and_the_core_is_pure() -> None:
    linter = Path(sys.executable).with_name("lint-imports")

    checked = run(str(linter), "--no-cache", env={"PYTHONPATH": str(PACKAGE.parent)})

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "0 broken" in checked.stdout


@pytest.mark.processes
def test_no_file_is_long() -> None:
    folders = ("exporter", "opencode_plugin", "gnome_extension", "kde_plasmoid", "packaging", "tests")
    tracked = run("git", "ls-files", "-co", "--exclude-standard", *folders).stdout.splitlines()
    long = {}
    for name in tracked:
        path = ROOT / name
        if path.suffix in WRITTEN_BY_HAND and name not in GENERATED and path.is_file():
            lines = len(path.read_text("utf-8").splitlines())
            if lines > LONGEST_FILE_LINES and name not in TO_BE_SPLIT:
                long[name] = lines

    assert len(tracked) > 100
    assert long == {}


LIST_MODULES = """
import json, sys
from opencode_stats.cli.main import main
try:
    main()
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


def answer_once(listener: socket.socket) -> None:
    with contextlib.suppress(OSError):  # nobody asks: the listener is closed in the end
        channel, _ = listener.accept()
        with channel:
            channel.recv(100)
            channel.send(b"done\n")


GLANCES = [(), ("--json",), *(("statusline", "--format", form) for form in (*FORMATS, "{session.model} {state}"))]


@pytest.mark.processes
@pytest.mark.parametrize("arguments", GLANCES)
def test_a_glance_at_the_figures_imports_nothing_heavy(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    paths = Paths.of({}, tmp_path)
    paths.stats_file.parent.mkdir(parents=True)
    with ledger_in_memory() as ledger:
        paths.stats_file.write_bytes(encode(document_of(stats_of(ledger))))
    env = {"HOME": str(tmp_path), "PYTHONPATH": str(PACKAGE.parent)}
    env |= dict.fromkeys(("XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"), "")

    with exporter_lock(paths.lock, os.getpid()), socket.socket(socket.AF_UNIX) as listener:
        with address_of(paths.control) as address:
            listener.bind(address)
        listener.listen()
        threading.Thread(target=answer_once, args=(listener,), daemon=True).start()
        looked = run(sys.executable, "-c", LIST_MODULES, *arguments, env=env)

    modules = set(json.loads(looked.stderr.splitlines()[-1]))
    assert f"opencode_stats.cli.{'statusline' if arguments[:1] == ('statusline',) else 'now'}" in modules
    assert {module.partition(".")[0] for module in modules} & HEAVY == set()
    assert looked.returncode == 0, looked.stderr
    assert looked.stdout.strip()


def commands() -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = [("opencode-stats", cli)]
    for name, module in sorted(COMMANDS.items()):
        command: Any = importlib.import_module(module).command
        found.append((f"opencode-stats {name}", command))
    return found


@pytest.mark.parametrize(("call", "command"), commands(), ids=lambda value: value if isinstance(value, str) else "")
def test_every_command_has_help_with_an_example(call: str, command: click.Command) -> None:
    # As `main` makes them: click keeps the help option that the first context gives, "-h" or not, for good.
    with click.Context(command, info_name=call, help_option_names=cli.context_settings["help_option_names"]) as context:
        text = command.get_help(context)

    assert re.search(r"Examples?:\n", text), f"{call} --help has no example"
    assert call in text.partition("Example")[2]
    undescribed = [
        parameter.name for parameter in command.params if isinstance(parameter, click.Option) and not parameter.help
    ]
    assert undescribed == []


def test_every_module_of_these_rooms_has_its_own_test() -> None:
    rooms = ("core", "contract", "host", "ingest", "ledger", "publish")
    untested = {
        f"{room}/{module.stem}"
        for room in rooms
        for module in (PACKAGE / room).glob("*.py")
        if module.stem != "__init__" and not (ROOT / "tests/unit" / room / f"test_{module.name}").is_file()
    }

    assert untested == set()

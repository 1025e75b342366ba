"""When OpenCode would install something, and what setup says when that goes wrong. A script plays OpenCode."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from opencode_stats.install.opencode_binary import OpenCode, find_opencode, version_of
from opencode_stats.install.opencode_dependencies import Waiting, bring, folders_of, is_real, is_satisfied
from opencode_stats.install.user_services import NOT_FOUND, Outcome, UserServices, real_runner

PACKAGE = "@opencode-ai/plugin"


def lay_out(folder: Path, *, locked: object = None, wanted: object = None, modules: bool = True) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    if modules:
        (folder / "node_modules").mkdir()
    if locked is not None:
        (folder / "package-lock.json").write_text(json.dumps({"packages": {"": {"dependencies": locked}}}))
    if wanted is not None:
        (folder / "package.json").write_text(json.dumps({"devDependencies": wanted}))
    return folder


def test_the_rule_by_which_opencode_installs_nothing(tmp_path: Path) -> None:
    assert not is_satisfied(tmp_path / "absent")
    assert not is_satisfied(lay_out(tmp_path / "a", locked={PACKAGE: "1"}, modules=False))
    assert not is_satisfied(lay_out(tmp_path / "b"))
    assert not is_satisfied(lay_out(tmp_path / "c", locked={"other": "1"}))
    assert not is_satisfied(lay_out(tmp_path / "d", locked={PACKAGE: "1"}, wanted={"mine": "1"}))
    assert is_satisfied(lay_out(tmp_path / "e", locked={PACKAGE: "1"}))
    assert is_satisfied(lay_out(tmp_path / "f", locked={PACKAGE: "1", "mine": "1"}, wanted={"mine": "1"}))
    assert not is_real(tmp_path / "f")


@pytest.mark.parametrize("broken", ["", "[]", "{", '{"packages": 5}', '{"packages": {"": []}}'])
def test_a_broken_lock_file_counts_as_none(tmp_path: Path, broken: str) -> None:
    lay_out(tmp_path)
    (tmp_path / "package-lock.json").write_text(broken)

    assert not is_satisfied(tmp_path)


def test_the_folders_that_opencode_waits_for(tmp_path: Path) -> None:
    home = tmp_path / "home"
    project = tmp_path / "repository" / "part"
    for folder in (home / ".opencode", tmp_path / "repository" / ".opencode", tmp_path / ".opencode", project):
        folder.mkdir(parents=True)
    config = home / ".config" / "opencode"
    env = {"OPENCODE_CONFIG_DIR": "/elsewhere"}

    everywhere = folders_of(env, home, config, project)
    (tmp_path / "repository" / ".git").mkdir()
    in_repository = folders_of(env, home, config, project)

    above = tmp_path / "repository" / ".opencode"
    last = (home / ".opencode", Path("/elsewhere"))
    assert in_repository == (config, project / ".opencode", above, *last)
    assert everywhere == (config, project / ".opencode", above, tmp_path / ".opencode", *last)
    assert folders_of({}, tmp_path / "empty", config, None) == (config,)


SCRIPT = """\
#!/usr/bin/env python3
import base64, http.server, json, os, pathlib, sys
PLAY = "%s"
if PLAY == "ends":
    print("no licence", file=sys.stderr)
    sys.exit(1)
assert sys.argv[1:6] == ["serve", "--pure", "--hostname", "127.0.0.1", "--port"], sys.argv
assert "OPENCODE_SERVER_PORT" not in os.environ and os.environ["OPENCODE_PURE"] == "1"
folder = pathlib.Path(os.environ["FOLDER"])
assert not os.environ["XDG_DATA_HOME"].startswith(str(folder.parent))
login = base64.b64encode(b"opencode:" + os.environ["OPENCODE_SERVER_PASSWORD"].encode()).decode()

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        assert self.headers["Authorization"] == "Basic " + login
        assert self.path.startswith("/config?directory=")
        self.send_response(500 if PLAY == "refuses" else 200)
        self.end_headers()
        if PLAY == "fails":
            sys.stderr.write('message="background dependency install failed" dir=%%s\\n' %% folder)
            sys.stderr.flush()
        if PLAY == "works":
            package = folder / "node_modules" / "@opencode-ai" / "plugin"
            package.mkdir(parents=True)
            (package / "package.json").write_text("{}")
            locked = {"packages": {"": {"dependencies": {"@opencode-ai/plugin": "1"}}}}
            (folder / "package-lock.json").write_text(json.dumps(locked))
            (folder / "node_modules" / ".package-lock.json").write_text("{}")
    def log_message(self, *args):
        pass

server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
pathlib.Path(os.environ["PID_FILE"]).write_text(str(os.getpid()))
if PLAY != "mute":
    print("opencode server listening on http://127.0.0.1:%%d" %% server.server_port, flush=True)
server.serve_forever()
"""


@pytest.mark.processes
@pytest.mark.parametrize(
    ("play", "said"),
    [
        ("works", ""),
        ("fails", "npm's registry could not be reached or refused"),
        ("refuses", "OpenCode could not read its configuration (its server answered 500)"),
        ("ends", "OpenCode ended early: no licence"),
        ("mute", "OpenCode did not start within 1 s"),
        ("idles", "it was not done within 1 s"),
    ],
)
def test_how_it_can_end(tmp_path: Path, play: str, said: str) -> None:
    program = tmp_path / "opencode"
    program.write_text(SCRIPT % play)
    program.chmod(0o755)
    folder = tmp_path / "config"
    folder.mkdir()
    pid_file = tmp_path / "pid"
    env = {"PATH": os.defpath, "FOLDER": str(folder), "PID_FILE": str(pid_file), "OPENCODE_SERVER_PORT": "1"}

    told = bring(program, [folder], None, env, Waiting(time.monotonic, time.sleep), limit_s=1)

    assert told == said
    assert is_satisfied(folder) == (play == "works")
    if pid_file.exists():
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid_file.read_text()), 0)


def test_opencode_is_found_where_a_shell_would_find_it_else_where_its_installer_puts_it(tmp_path: Path) -> None:
    def program(folder: Path) -> OpenCode:
        folder.mkdir(parents=True)
        (folder / "opencode").write_text("")
        (folder / "opencode").chmod(0o755)
        return OpenCode(folder / "opencode")

    home = tmp_path / "home"
    by_installer = program(home / ".opencode" / "bin")
    on_path = program(tmp_path / "bin")
    (home / ".local" / "bin").mkdir(parents=True)
    (home / ".local" / "bin" / "opencode").write_text("not a program")

    assert find_opencode({"PATH": f"/absent:{tmp_path / 'bin'}"}, home) == on_path
    assert find_opencode({"PATH": "/absent"}, home) == by_installer


@pytest.mark.parametrize(
    ("outcome", "version"),
    [
        (Outcome(0, "1.18.33\n"), (1, 18, 33)),
        (Outcome(0, "opencode v2.0.1-beta\n"), (2, 0, 1)),
        (Outcome(0, "what?"), ()),
        (Outcome(1, "1.0.0"), ()),
    ],
)
def test_the_version_is_asked_for_in_scratch_folders(outcome: Outcome, version: tuple[int, ...]) -> None:
    asked: list[list[str]] = []

    def run(command: list[str], *, timeout_s: float) -> Outcome:
        asked.append(command)
        return outcome

    assert version_of(OpenCode(Path("/opt/opencode")), run) == version  # type: ignore[arg-type]
    assert asked[0][-2:] == ["/opt/opencode", "--version"]
    assert {part.split("=")[0] for part in asked[0][1:-2]} == {
        f"XDG_{kind}_HOME" for kind in ("CONFIG", "DATA", "STATE", "CACHE")
    }


@pytest.mark.processes
def test_a_runner_tells_how_it_ended(tmp_path: Path) -> None:
    run = real_runner({"PATH": os.defpath, "A": "b"}, 0, str(tmp_path))

    assert run(["/bin/sh", "-c", "echo $A; echo no >&2; exit 5"], timeout_s=20) == Outcome(5, "b\n", "no\n")
    assert run(["/bin/sh", "-c", "exec sleep 60"], timeout_s=0.05).code == 124
    assert run([str(tmp_path / "absent")], timeout_s=1).code == NOT_FOUND


@pytest.mark.processes
def test_after_su_the_runtime_folder_is_found(tmp_path: Path) -> None:
    (tmp_path / "7" / "systemd").mkdir(parents=True)
    ask = ["/bin/sh", "-c", "echo ${XDG_RUNTIME_DIR-unset}"]

    assert real_runner({}, 7, str(tmp_path))(ask, timeout_s=20).out == f"{tmp_path}/7\n"
    assert real_runner({}, 8, str(tmp_path))(ask, timeout_s=20).out == "unset\n"
    assert real_runner({"XDG_RUNTIME_DIR": "/x"}, 7, str(tmp_path))(ask, timeout_s=20).out == "/x\n"


def test_no_systemctl_means_no_user_manager() -> None:
    services = UserServices(lambda command, *, timeout_s: Outcome(NOT_FOUND))

    assert not services.state().reachable
    assert services.start(Path("/x/opencode-stats.service")).code == NOT_FOUND
    assert services.stop().code == 0

#!/usr/bin/env python3
"""A ``launchctl`` for the tests, after launchctl(1): it really starts, shows and ends what a property list says.

``FAKE_LAUNCHD`` names the folder in which it keeps the pids of what it started.
"""

import os
import plistlib
import signal
import subprocess
import sys
import time
from pathlib import Path

NO_SUCH_SERVICE = 113
ALREADY_LOADED = 5
NOT_LOADED = 3


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def main(verb: str, target: str, *rest: str) -> int:
    folder = Path(os.environ["FAKE_LAUNCHD"])
    session, _, label = target.partition(f"gui/{os.getuid()}")
    assert session == ""
    kept = folder / label.removeprefix("/")
    if verb == "bootstrap":
        (file,) = rest
        agent = plistlib.loads(Path(file).read_bytes())
        kept = folder / agent["Label"]
        if kept.exists():
            return ALREADY_LOADED
        assert agent["RunAtLoad"]
        environment = {"HOME": os.environ["HOME"], "PATH": "/usr/bin:/bin", **agent["EnvironmentVariables"]}
        with open(agent["StandardErrorPath"], "ab") as log:
            started = subprocess.Popen(
                agent["ProgramArguments"],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                umask=agent["Umask"],
                start_new_session=True,
            )
        kept.write_text(str(started.pid))
        return 0
    if label and not kept.exists():
        return {"print": NO_SUCH_SERVICE, "bootout": NOT_LOADED}.get(verb, 0)
    if verb == "print" and label:
        print(f"{target} = {{\n\tstate = {'running' if alive(int(kept.read_text())) else 'not running'}\n}}")
    elif verb == "bootout":
        pid = int(kept.read_text())
        if alive(pid):
            os.kill(pid, signal.SIGTERM)
        while alive(pid):
            time.sleep(0.02)
        kept.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

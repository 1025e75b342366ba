"""The exporter's end of ``speaking``: a process for each time that there is something to show, and none between."""

from __future__ import annotations

import contextlib
import json
import logging
import select
import subprocess
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from opencode_stats.desktop.bus import program

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from opencode_stats.core.notices import Notice

logger = logging.getLogger(__name__)

PATIENCE_S: Final = 20.0
"""The program itself gives up sooner; this is for one that was stopped."""
ENDS_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What is shown now (``told.Shown``); ``silent`` where the GNOME panel shows; ``error`` where something failed."""

    server: str = ""
    ids: Mapping[str, int] | None = None
    silent: bool = False
    error: str = ""


class Speaker:
    """Shows notices on the bus at ``address``; ``on_open`` is called, in a thread, with what was clicked.

    Its two arguments are the subject, and a token with which a window may be raised under Wayland, or an empty text.
    """

    def __init__(
        self,
        address: str,
        env: Mapping[str, str],
        on_open: Callable[[str, str], None],
        command: Sequence[str] | None = None,
    ) -> None:
        self._env = {**env, "DBUS_SESSION_BUS_ADDRESS": address}
        self._on_open = on_open
        self._command = program("speaking") if command is None else command
        self._process: subprocess.Popen[bytes] | None = None
        self._listener: threading.Thread | None = None

    def show(
        self,
        notices: Sequence[Notice],
        close: Sequence[str],
        *,
        server: str,
        ids: Mapping[str, int],
        sound: bool,
        listen: bool,
    ) -> Answer:
        """Shows these notices and takes those subjects' away, waiting for it; ``listen`` where clicks are wanted."""
        # Before the next one is started: two that listen would both tell of one click.
        self.end()
        request = {
            "notices": [
                {
                    "subject": one.subject,
                    "kind": one.item.kind,
                    "title": one.title,
                    "body": one.body,
                    "pressing": one.pressing,
                }
                for one in notices
            ],
            "close": list(close),
            "sound": sound,
            "listen": listen,
            "server": server,
            "ids": dict(ids),
        }
        try:
            process = subprocess.Popen(  # noqa: S603 - our own program
                self._command,
                env=self._env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            return Answer(error=str(error))
        self._process = process
        answer = _asked(process, request)
        if listen and answer.ids:
            self._listener = threading.Thread(target=self._listen, args=(process,), name="clicks", daemon=True)
            self._listener.start()
        else:
            self.end()
        return answer

    def end(self) -> None:
        """Ends the program, if one is there; what it shows stays."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(OSError):
            _stdin(process).close()
        try:
            process.wait(ENDS_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._listener is not None:
            self._listener.join()
            self._listener = None
        _stdout(process).close()

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        for line in _stdout(process):
            with contextlib.suppress(ValueError, KeyError, TypeError):  # a line cut by its end
                clicked = json.loads(line)
                self._on_open(str(clicked["opened"]), str(clicked["token"]))
        # It may have ended by itself, when nothing was open any more; it is not to stay as a zombie until the next.
        process.wait()


def _asked(process: subprocess.Popen[bytes], request: Mapping[str, Any]) -> Answer:
    try:
        _stdin(process).write(json.dumps(request).encode() + b"\n")
        _stdin(process).flush()
        stdout = _stdout(process)
        if not select.select([stdout], [], [], PATIENCE_S)[0]:
            process.kill()
            return Answer(error="no answer")
        found = json.loads(stdout.readline())
        return Answer(str(found["server"]), dict(found["ids"]), bool(found["silent"]), str(found["error"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        process.kill()
        return Answer(error=f"the program that speaks failed: {error}")


def _stdin(process: subprocess.Popen[bytes]) -> Any:  # noqa: ANN401 - a pipe, by how it was started
    return process.stdin


def _stdout(process: subprocess.Popen[bytes]) -> Any:  # noqa: ANN401 - a pipe, by how it was started
    return process.stdout

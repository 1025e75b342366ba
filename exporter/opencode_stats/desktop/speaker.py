"""The exporter's end of ``speaking``: a process while there is something to show, or a click may come; none between."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from opencode_stats.desktop.bus import program

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from opencode_stats.core.notices import Notice

PATIENCE_S: Final = 8.0
"""For the server's answers; includes the time in which the bus starts it. As much again for the bus to let us in."""
HANGS_S: Final = 4.0
"""So much longer than that takes only a program that was stopped, or a machine that is very busy."""
ENDS_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What is shown now (``told.Shown``); ``silent`` where the GNOME panel shows; ``error`` where something failed.

    ``untold`` are the subjects that nobody took: those are surely not on the screen, and may be tried again.
    """

    server: str = ""
    ids: Mapping[str, int] | None = None
    silent: bool = False
    error: str = ""
    untold: Sequence[str] = ()


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
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._env = {**env, "DBUS_SESSION_BUS_ADDRESS": address}
        self._on_open = on_open
        self._command = program("speaking") if command is None else command
        self._process: subprocess.Popen[bytes] | None = None
        self._listener: threading.Thread | None = None
        self._answers: queue.SimpleQueue[Answer | None] = queue.SimpleQueue()
        self._patience_s = patience_s
        self._stopped = False

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
            "patience_s": self._patience_s,
        }
        answer = None if self._process is None else self._ask(request)
        if answer is None:
            # None is there, or it has just ended, because nothing was open any more.
            self.end()
            try:
                self._start()
            except OSError as error:
                return Answer(server, ids, error=str(error), untold=[one.subject for one in notices])
            answer = self._ask(request) or Answer(error="the program that speaks ended")
        if answer.ids is None:
            # It said nothing, so what was known still holds.
            answer = replace(answer, server=server, ids=ids)
        if not listen or answer.error:
            self.end()
        return answer

    def stop(self) -> None:
        """Ends the program now, though somebody may be waiting in ``show``; from then on none is started."""
        self._stopped = True
        process = self._process
        if process is not None:
            process.kill()

    def _start(self) -> None:
        if self._stopped:
            raise OSError("the exporter ends")
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            self._command,
            env=self._env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )
        if self._stopped:
            # Said while it was being started.
            self._process.kill()
        self._answers = queue.SimpleQueue()
        self._listener = threading.Thread(target=self._listen, args=(self._process,), name="speaker", daemon=True)
        self._listener.start()

    def _ask(self, request: Mapping[str, Any]) -> Answer | None:
        """The answer; None where the process has ended."""
        try:
            stdin = _stdin(self._process)
            stdin.write(json.dumps(request).encode() + b"\n")
            stdin.flush()
            return self._answers.get(timeout=2 * self._patience_s + HANGS_S)
        except queue.Empty:
            return Answer(error="no answer")
        except OSError:
            return None

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
            try:
                found = json.loads(line)
                if "opened" in found:
                    self._on_open(str(found["opened"]), str(found["token"]))
                else:
                    self._answers.put(
                        Answer(
                            str(found["server"]),
                            dict(found["ids"]),
                            bool(found["silent"]),
                            str(found["error"]),
                            tuple(found["untold"]),
                        )
                    )
            except (ValueError, KeyError, TypeError) as error:
                self._answers.put(Answer(error=f"not an answer: {error}"))
        self._answers.put(None)
        # It may have ended by itself, when nothing was open any more; it is not to stay as a zombie until the next.
        process.wait()


def _stdin(process: subprocess.Popen[bytes] | None) -> Any:  # noqa: ANN401 - a pipe, by how it was started
    return None if process is None else process.stdin


def _stdout(process: subprocess.Popen[bytes]) -> Any:  # noqa: ANN401 - a pipe, by how it was started
    return process.stdout

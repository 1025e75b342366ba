"""Having OpenCode do its own dependency install now, so that no later start has to wait for it.

At its start OpenCode 1.x puts ``@opencode-ai/plugin`` into each configuration folder, with an npm of its own, and
before it loads any plugin it waits for that: 10 s, without a network 70 s at every start. Only OpenCode can do it (a
faked folder breaks tools of the user's that import the package), and ``opencode serve`` does it when it reads its
configuration for the first request. Observed with 1.18.33; with ``--pure`` it starts no plugin, tool, MCP or language
server of the user's meanwhile.
"""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
import signal
import subprocess
import tempfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

PACKAGE: Final = "@opencode-ai/plugin"
MADE: Final = ("node_modules", "package.json", "package-lock.json", "bun.lock", ".gitignore", "opencode.jsonc")
"""What OpenCode lays out in a configuration folder by itself."""
LIMIT_S: Final = 180.0
_POLL_S: Final = 0.05
_REQUEST_S: Final = 60.0
_STOP_S: Final = 10.0
_KINDS: Final = ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies")
_LISTENING: Final = re.compile(rb"listening on (http://127\.0\.0\.1:\d+)")
_FAILED: Final = b"background dependency install failed"


@dataclass(frozen=True, slots=True)
class Waiting:
    """The clock: ``elapsed_s`` only grows, ``sleep_s`` lets time pass."""

    elapsed_s: Callable[[], float]
    sleep_s: Callable[[float], None]


def folders_of(env: Mapping[str, str], home: Path, config: Path, project: Path | None) -> tuple[Path, ...]:
    """The configuration folders that OpenCode waits for: one plugin in any of them makes it wait for all.

    Its own rule, read in 1.18.33: the user's, each ``.opencode`` from the project's folder up to the root of its
    repository (without one, up to the root of the file system), ``~/.opencode``, and ``OPENCODE_CONFIG_DIR``.

    Args:
        env: OpenCode's environment.
        home: the user's.
        config: OpenCode's folder in the user's configuration.
        project: a project, whose own ``.opencode`` is one of the folders even before it is there.
    """
    folders = [config]
    if project is not None:
        folders.append(project / ".opencode")
        top = next((folder for folder in (project, *project.parents) if (folder / ".git").exists()), Path("/"))
        above = [folder / ".opencode" for folder in project.parents if folder.is_relative_to(top)]
        folders += [folder for folder in above if folder.is_dir()]
    elsewhere = env.get("OPENCODE_CONFIG_DIR", "")
    folders += [folder for folder in (home / ".opencode",) if folder.is_dir()]
    folders += [Path(elsewhere)] if os.path.isabs(elsewhere) else []
    return tuple(dict.fromkeys(folders))


def is_satisfied(folder: Path) -> bool:
    """Whether OpenCode would install nothing into this configuration folder at its start.

    Its own rule, read in 1.18.33: nothing where it may not write; else ``node_modules`` is there and the lock file
    names ``@opencode-ai/plugin`` and everything that ``package.json`` asks for.
    """
    if folder.exists() and not os.access(folder, os.W_OK):
        return True
    if not (folder / "node_modules").exists():
        return False
    locked = _document(folder / "package-lock.json").get("packages")
    root = locked.get("") if isinstance(locked, dict) else None
    wanted = {PACKAGE} | _names(_document(folder / "package.json"))
    return wanted <= _names(root if isinstance(root, dict) else {})


def is_real(folder: Path) -> bool:
    """Whether the package itself is there too; a lock file alone only keeps OpenCode from fetching it."""
    return (folder / "node_modules" / PACKAGE / "package.json").is_file()


def _document(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError):
        # OpenCode takes a file that is missing or broken for an empty one, too.
        return {}
    return found if isinstance(found, dict) else {}


def _names(package: Mapping[str, Any]) -> set[str]:
    return {name for kind in _KINDS if isinstance(package.get(kind), dict) for name in package[kind]}


def bring(  # noqa: PLR0911 - each way it can end has a sentence of its own
    program: Path,
    folders: Sequence[Path],
    project: Path | None,
    env: Mapping[str, str],
    waiting: Waiting,
    *,
    limit_s: float = LIMIT_S,
) -> str:
    """Has OpenCode install into the folders and waits until it has.

    OpenCode runs for some seconds, on loopback behind a password of its own, with the user's configuration and a
    scratch data folder, so that it neither logs in nor touches its database.

    Args:
        program: OpenCode's program file.
        folders: the configuration folders that shall be complete (``folders_of``).
        project: the project that one of them belongs to; None for the user's own only.
        env: the user's environment: npm's settings, proxies and certificates are in there.
        waiting: the clock.
        limit_s: when to give up.

    Returns:
        What kept it from working, as a clause; empty where it worked.
    """
    with tempfile.TemporaryDirectory(prefix="opencode-stats-") as scratch:
        end_s = waiting.elapsed_s() + limit_s
        try:
            with _Server(program, project, env, Path(scratch)) as server:
                for _ in _turns(waiting, end_s):
                    if server.ended:
                        return f"OpenCode ended early{server.last_words}"
                    if server.url:
                        break
                else:
                    return f"OpenCode did not start within {limit_s:g} s"
                refused = server.open()
                for _ in _turns(waiting, end_s):
                    missing = [folder for folder in folders if not _is_complete(folder)]
                    if not missing:
                        return ""
                    if any(server.failed_in(folder) for folder in missing):
                        return "npm's registry could not be reached or refused"
                    if refused:
                        return refused
                    if server.ended:
                        return f"OpenCode ended early{server.last_words}"
        except OSError as error:
            return f"OpenCode could not be started ({error.strerror})"
    return f"it was not done within {limit_s:g} s"


def _is_complete(folder: Path) -> bool:
    # npm writes the hidden lock file last of all.
    return is_satisfied(folder) and is_real(folder) and (folder / "node_modules" / ".package-lock.json").is_file()


def _turns(waiting: Waiting, end_s: float) -> Iterator[None]:
    while waiting.elapsed_s() < end_s:
        yield
        waiting.sleep_s(_POLL_S)


class _Server:
    """``opencode serve`` for the length of a block."""

    def __init__(self, program: Path, project: Path | None, env: Mapping[str, str], scratch: Path) -> None:
        self._directory = project or scratch
        self._out = scratch / "out"
        self._err = scratch / "err"
        self._password = secrets.token_urlsafe(24)
        self._command = [str(program), "serve", "--pure", "--hostname", "127.0.0.1", "--port", "0"]
        self._command += ["--print-logs", "--log-level", "WARN"]
        self._env = _environment(env, self._directory, scratch, self._password, of_project=project is not None)

    def __enter__(self) -> Self:
        with open(self._out, "wb") as out, open(self._err, "wb") as err:
            self._process = subprocess.Popen(  # noqa: S603 - the user's own OpenCode
                self._command,
                cwd=self._directory,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        return self

    def __exit__(self, *_: object) -> None:
        # The whole group: npm's `opencode` is a script that has the program as its child.
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self._process.pid, number)
                self._process.wait(_STOP_S)
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue
        self._process.wait()

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    @property
    def last_words(self) -> str:
        lines = self._err.read_text(errors="replace").strip().splitlines()
        return f": {lines[-1][:300]}" if lines else ""

    @property
    def url(self) -> str:
        found = _LISTENING.search(self._out.read_bytes())
        return found.group(1).decode() if found else ""

    def failed_in(self, folder: Path) -> bool:
        name = os.fsencode(folder)
        return any(_FAILED in line and name in line for line in self._err.read_bytes().splitlines())

    def open(self) -> str:
        """Has OpenCode read its configuration; what is wrong with it, as a clause."""
        request = urllib.request.Request(f"{self.url}/config?directory={quote(str(self._directory))}")  # noqa: S310
        token = base64.b64encode(f"opencode:{self._password}".encode()).decode()
        request.add_header("Authorization", f"Basic {token}")
        # Never through a proxy: the server is on loopback.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=_REQUEST_S) as answer:
                answer.read()
        except urllib.error.HTTPError as error:
            error.close()  # it holds the answer, and with it the connection
            return f"OpenCode could not read its configuration (its server answered {error.code})"
        except OSError as error:
            return f"OpenCode did not answer ({error})"
        return ""


def _environment(
    env: Mapping[str, str], directory: Path, scratch: Path, password: str, *, of_project: bool
) -> dict[str, str]:
    found = {name: value for name, value in env.items() if not name.startswith("OPENCODE_SERVER_")}
    found |= {
        # `opencode` takes its directory from PWD where that is set.
        "PWD": str(directory),
        "XDG_DATA_HOME": str(scratch / "data"),
        "XDG_CACHE_HOME": str(scratch / "cache"),
        "OPENCODE_SERVER_USERNAME": "opencode",
        "OPENCODE_SERVER_PASSWORD": password,
        "OPENCODE_PURE": "1",
        "OPENCODE_DISABLE_AUTOUPDATE": "1",
        "OPENCODE_DISABLE_MODELS_FETCH": "1",
        # npm's own two retries with their pauses are the 70 s; one short one is enough for a network that is there.
        "npm_config_fetch_retries": "1",
        "npm_config_fetch_retry_mintimeout": "1000",
        "npm_config_fetch_retry_maxtimeout": "2000",
    }
    if not of_project:
        found["OPENCODE_DISABLE_PROJECT_CONFIG"] = "1"
    return found

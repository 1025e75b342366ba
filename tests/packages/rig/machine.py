"""A machine that was never used before: a Debian folder under an overlay that is thrown away with its namespace."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.packages.rig.roots import USER, USER_ID

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PATIENCE_S: Final = 400.0
"""Only what hangs takes so long."""
# What a machine may need to reach its package registries; nothing else of the caller's environment gets in.
_NETWORK: Final = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "no_proxy", "NO_PROXY")
_NETWORK_OF_PIP: Final = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "PIP_DEFAULT_TIMEOUT")
_NETWORK_OF_UV: Final = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX")
_CERTIFICATES: Final = Path("/etc/ssl/certs/ca-certificates.crt")
_CERTIFICATES_THERE: Final = "etc/ssl/of-this-machine.crt"
"""Below the root: the authorities that this machine trusts. A name that no package of Debian's writes anew."""
_PIP_CONFIGURATION: Final = ("/etc/pip.conf", "~/.config/pip/pip.conf", "~/.pip/pip.conf")


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Machine:
    """One such machine, below ``root``; ``online`` is what it needs to reach registries, None for no network at all.

    ``variables``: what the ordinary user has in the environment besides.
    """

    root: Path
    online: Mapping[str, str] | None
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        """The ordinary user's home, as it is seen from outside."""
        return self.root / "home" / USER

    def with_variables(self, variables: Mapping[str, str]) -> Machine:
        """The same machine, whose ordinary user has these in the environment besides."""
        return replace(self, variables=variables)

    def tries(self, *command: str, root: bool = False, env: Mapping[str, str] | None = None) -> Done:
        """Runs a command as the ordinary user in their home, or as root."""
        done = subprocess.run(
            self.command(*command, root=root),
            env=self.environment(root=root) | dict(env or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE_S,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def does(self, *command: str, root: bool = False, env: Mapping[str, str] | None = None) -> str:
        """The same, which has to succeed; gives its output."""
        done = self.tries(*command, root=root, env=env)
        assert done.code == 0, f"{command} ended with {done.code}:\n{done.out}\n{done.err}"
        return done.out

    def command(self, *words: str, root: bool = False) -> list[str]:
        """The words that run a command in there, from outside."""
        who = "0:0" if root else f"{USER_ID}:{USER_ID}"
        inside = [
            "/usr/sbin/chroot",
            f"--userspec={who}",
            str(self.root),
            "/usr/bin/env",
            f"--chdir={self._folder(root=root)}",
            "--",
        ]
        return [*([] if self.online is not None else ["/usr/bin/unshare", "--net"]), *inside, *words]

    def environment(self, *, root: bool = False) -> dict[str, str]:
        """What a login shell has."""
        own = {
            "HOME": self._folder(root=root),
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "TERM": "xterm",
        }
        if root:
            own |= {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"}
        return own | dict(self.online or {}) | (dict(self.variables) if not root else {})

    def installs(self, package: Path) -> str:
        """Has apt install a package's file."""
        shutil.copy(package, self.root / "tmp")
        return self.does("apt-get", "install", "-qy", f"/tmp/{package.name}", root=True)

    def gives(self, content: bytes, place: str) -> None:
        """Puts a file into the user's home."""
        path = self.home / place
        for folder in reversed(path.relative_to(self.home).parents):
            if not (self.home / folder).exists():
                (self.home / folder).mkdir(mode=0o700)
                os.chown(self.home / folder, USER_ID, USER_ID)
        path.write_bytes(content)
        path.chmod(0o600)
        os.chown(path, USER_ID, USER_ID)

    @staticmethod
    def _folder(*, root: bool) -> str:
        return "/root" if root else f"/home/{USER}"


@contextlib.contextmanager
def machine(base: Path, *, online: bool = False) -> Iterator[Machine]:
    """A machine made of the folder ``base``, for the block; the caller is root in mount namespaces of their own."""
    scratch = Path("/mnt")  # Ours alone, in mounts of our own.
    _mount("-t", "tmpfs", "-o", "mode=0755", "tmpfs", str(scratch))
    try:
        for name in ("upper", "work", "root"):
            (scratch / name).mkdir()
        root = scratch / "root"
        layers = f"lowerdir={base},upperdir={scratch}/upper,workdir={scratch}/work"
        _mount("-t", "overlay", "-o", layers, "overlay", str(root))
        _mount("-t", "proc", "proc", str(root / "proc"))
        _mount("-t", "devpts", "-o", "newinstance,ptmxmode=0666", "devpts", str(root / "dev" / "pts"))
        yield Machine(root, _reach_the_network(root) if online else None)
    finally:
        subprocess.run(["umount", "--recursive", "--lazy", scratch], check=True)


def network() -> dict[str, str]:
    """The variables by which this machine reaches its registries, as far as they are set."""
    return {name: os.environ[name] for name in (*_NETWORK, *_NETWORK_OF_PIP, *_NETWORK_OF_UV) if name in os.environ}


def _reach_the_network(root: Path) -> dict[str, str]:
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    shutil.copy("/etc/hosts", root / "etc/hosts")
    variables = network()
    if _CERTIFICATES.exists():
        shutil.copy(_CERTIFICATES, root / _CERTIFICATES_THERE)
        variables |= dict.fromkeys(("PIP_CERT", "SSL_CERT_FILE", "GIT_SSL_CAINFO"), f"/{_CERTIFICATES_THERE}")
    for name in _PIP_CONFIGURATION:
        path = Path(name).expanduser()
        if path.exists():
            shutil.copy(path, root / "etc/pip.conf")
            break
    return variables


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)

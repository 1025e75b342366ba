"""A scratch home: everything OpenCode and the exporter read or write, in one folder that can be thrown away."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# What a machine may need to reach its npm registry; nothing else of the caller's environment gets in.
_NETWORK: Final = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")
PRICES_USD: Final = {"input": 3.0, "output": 15.0, "reasoning": 15.0, "cacheRead": 0.3, "cacheWrite": 3.75}
"""What a million tokens of each kind cost; OpenCode bills reasoning as output."""
CONTEXT_TOKENS: Final = 100_000
CLOSED_REGISTRY: Final = "http://127.0.0.1:9/"
"""An npm registry that refuses connections (port 9, discard, serves nobody): being offline."""


@dataclass(frozen=True, slots=True)
class Home:
    """The places of one scratch home, all below ``root``; ``program`` is OpenCode's program file.

    ``noon_offset_h`` is its time zone, in hours east of UTC: one where it is about noon, so that no day ends in a test.
    None: its time is that of whoever runs this.
    """

    root: Path
    program: Path
    registry: str | None = None
    noon_offset_h: int | None = 0

    @property
    def user(self) -> Path:
        """What ``HOME`` names."""
        return self.root / "home"

    @property
    def config(self) -> Path:
        """OpenCode's user configuration folder."""
        return self.user / ".config" / "opencode"

    @property
    def opencode_data(self) -> Path:
        """OpenCode's own folder of databases; stats.json is published into it."""
        return self.user / ".local" / "share" / "opencode"

    @property
    def stats_file(self) -> Path:
        """The published file."""
        return self.opencode_data / "stats.json"

    @property
    def ledger_folder(self) -> Path:
        """Where the exporter keeps its ledger."""
        return self.user / ".local" / "share" / "opencode-stats"

    @property
    def state(self) -> Path:
        """The state folder that plugin and exporter share (docs/spool.md)."""
        return self.user / ".local" / "state" / "opencode-stats"

    @property
    def spool(self) -> Path:
        """The folder of spool files."""
        return self.state / "spool"

    @property
    def project(self) -> Path:
        """A project under git to work in."""
        return self.root / "project"

    @property
    def date(self) -> str:
        """Today where this home is, as ISO 8601."""
        if self.noon_offset_h is None:
            return datetime.now().astimezone().date().isoformat()
        return (datetime.now(UTC) + timedelta(hours=self.noon_offset_h)).date().isoformat()

    @property
    def logs(self) -> Path:
        """What the started programs wrote to their standard streams."""
        return self.root / "logs"

    def another_project(self, name: str) -> Path:
        """Make one more project under git beside the first."""
        folder = self.root / name
        make_project(folder, self.environment(self.root))
        return folder

    def environment(self, directory: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment of a program that works in ``directory``.

        ``PWD`` matters: ``opencode run`` takes its directory from there, not from the process. Configuration that
        the machine's administrator may have laid out for OpenCode is kept out, too.
        """
        local = self.user / ".local"
        caller = os.environ  # the one door: only what is named here gets in
        environment = {name: caller[name] for name in _NETWORK if name in caller}
        environment |= {
            "PATH": f"{self.root / 'bin'}:{caller.get('PATH', os.defpath)}",
            "HOME": str(self.user),
            "PWD": str(directory),
            "USER": "scratch",
            "SHELL": "/bin/sh",
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
            "XDG_CONFIG_HOME": str(self.user / ".config"),
            "XDG_DATA_HOME": str(local / "share"),
            "XDG_STATE_HOME": str(local / "state"),
            "XDG_CACHE_HOME": str(self.user / ".cache"),
            "XDG_RUNTIME_DIR": str(self.root / "runtime"),
            "TMPDIR": str(self.root / "tmp"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "OPENCODE_DISABLE_MODELS_FETCH": "1",
            "OPENCODE_DISABLE_AUTOUPDATE": "1",
            "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
            "OPENCODE_TEST_MANAGED_CONFIG_DIR": str(self.root / "managed"),
        }
        if self.noon_offset_h is not None:
            # POSIX counts hours west of UTC.
            environment["TZ"] = f"NOON{-self.noon_offset_h:+d}"
        elif "TZ" in caller:
            environment["TZ"] = caller["TZ"]
        if self.registry:
            environment["npm_config_registry"] = self.registry
        return environment | dict(extra or {})


def make_home(
    root: Path, program: Path, provider_url: str, *, registry: str | None = None, own_time: bool = False
) -> Home:
    """Lay out a scratch home whose OpenCode knows one provider, ``mock``, at this address.

    Args:
        root: a folder that is there and empty.
        program: OpenCode's program file; in this home it is on the path as ``opencode``.
        provider_url: the base address of the provider (``MockProvider.url``).
        registry: the npm registry that OpenCode's own npm shall use; None leaves it at npm's default.
        own_time: leave the clock as whoever runs this has it, instead of one where it is about noon.
    """
    home = Home(root, program, registry, None if own_time else 12 - datetime.now(UTC).hour)
    for folder in (home.config, root / "bin", root / "tmp", root / "managed", home.logs):
        folder.mkdir(parents=True)
    (root / "runtime").mkdir(mode=0o700)
    (root / "bin" / "opencode").symlink_to(program)
    (home.config / "opencode.json").write_text(json.dumps(configuration(provider_url), indent=2))
    make_project(home.project, home.environment(root))
    return home


def configuration(provider_url: str) -> dict[str, Any]:
    """An ``opencode.json`` whose providers are all the mock, each with its id as API key: so the books tell them apart.

    ``mock`` has three models; ``mockcache`` speaks through OpenRouter's client, which is the one with this chat format
    that passes on how much was written to the cache; ``anthropic`` is there as the vendor of its model.
    """
    return {
        "$schema": "https://opencode.ai/config.json",
        "autoupdate": False,
        "share": "disabled",
        "model": "mock/mock-1",
        "small_model": "mock/mock-small",
        "enabled_providers": ["mock", "mockcache", "anthropic"],
        "permission": {"bash": {"*": "allow", "touch asked-*": "ask"}},
        "provider": {
            "mock": _provider("mock", provider_url, "mock-1", "mock-2", "mock-small"),
            "mockcache": _provider("mockcache", provider_url, "mock-1") | {"npm": "@openrouter/ai-sdk-provider"},
            "anthropic": _provider("anthropic", provider_url, "claude-mock"),
        },
    }


def _provider(name: str, url: str, *models: str) -> dict[str, Any]:
    return {
        "npm": "@ai-sdk/openai-compatible",
        "name": name,
        "options": {"baseURL": url, "apiKey": name},
        "models": {
            model: {
                "name": model,
                "limit": {"context": CONTEXT_TOKENS, "output": 8_000},
                "cost": {
                    "input": PRICES_USD["input"],
                    "output": PRICES_USD["output"],
                    "cache_read": PRICES_USD["cacheRead"],
                    "cache_write": PRICES_USD["cacheWrite"],
                },
            }
            for model in models
        },
    }


def make_project(folder: Path, environment: Mapping[str, str]) -> None:
    """Make a folder under git with one commit: OpenCode knows a project by its first commit."""
    folder.mkdir(parents=True)
    (folder / "README").write_text(f"Scratch project {folder.name}\n")
    author = ["-c", "user.name=Scratch", "-c", "user.email=scratch@localhost"]
    for arguments in (["init", "--quiet"], ["add", "README"], [*author, "commit", "--quiet", "--message", folder.name]):
        subprocess.run(["git", *arguments], cwd=folder, env=dict(environment), check=True, capture_output=True)

"""Everything one test needs, put up together: a provider, a scratch home with the plugin, and its exporter."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.e2e.rig.exporter import Exporter, copy_plugin, published
from tests.e2e.rig.home import make_home
from tests.e2e.rig.prepared import EMPTY_PLUGIN, copy_into
from tests.mock_provider import MockProvider
from tests.mock_provider.catalogue import CATALOGUE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.e2e.rig.home import Home
    from tests.mock_provider import Charge, Scenario


@dataclass(frozen=True, slots=True)
class Stage:
    """A provider, a home and an exporter that belong together."""

    provider: MockProvider
    home: Home
    exporter: Exporter

    @property
    def charges(self) -> list[Charge]:
        """What the provider charged so far."""
        return self.provider.charges.all()

    @property
    def published(self) -> dict[str, Any]:
        """stats.json as a reader finds it now."""
        return published(self.home)


def no_plugin(exporter: Exporter) -> None:
    """Install nothing: OpenCode as it is without us."""
    del exporter


def empty_plugin(exporter: Exporter) -> None:
    """Install a plugin that does nothing: what OpenCode itself takes for having any."""
    plugins = exporter.home.config / "plugins"
    plugins.mkdir()
    (plugins / "nothing.ts").write_text(EMPTY_PLUGIN)


def plain_copy(exporter: Exporter) -> None:
    """Install the plugin by copying its file, without setup."""
    copy_plugin(exporter.home.config)


def by_setup(exporter: Exporter) -> None:
    """Install the plugin as a user does."""
    exporter.succeed("setup", "--no-service", "--no-gnome", "--yes")


@contextlib.contextmanager
def stage(
    program: Path,
    prepared: Path | None,
    *,
    install: Callable[[Exporter], None] = by_setup,
    registry: str | None = None,
    scenarios: Mapping[str, Scenario] = CATALOGUE,
    below: Path | None = None,
    own_time: bool = False,
) -> Iterator[Stage]:
    """A stage while the context lasts; its folder goes with it.

    Args:
        program: OpenCode's program file.
        prepared: what OpenCode installed beside plugins; None leaves that to this home's own first start.
        install: how the plugin gets there.
        registry: the npm registry that OpenCode is told to use.
        scenarios: what prompts may name.
        own_time: leave the clock as whoever runs this has it (``make_home``).
        below: where to make the folder; None means the system's place for temporary ones.
    """
    # Not pytest's tmp_path: a home has 4,000 files, which three kept runs would multiply; and a socket's path is short.
    root = Path(tempfile.mkdtemp(prefix="oc-stats-", dir=below))
    try:
        with MockProvider(scenarios=scenarios) as provider:
            home = make_home(root, program, provider.url, registry=registry, own_time=own_time)
            if prepared:
                copy_into(prepared, home.config)
            exporter = Exporter(home)
            install(exporter)
            yield Stage(provider, home, exporter)
    finally:
        shutil.rmtree(root)

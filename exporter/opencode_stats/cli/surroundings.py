"""What the commands are handed: the places, and an exporter of their own where no daemon is at work."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from opencode_stats import __version__
from opencode_stats.cli.render.text import Currency
from opencode_stats.cli.say import say
from opencode_stats.errors import UserError
from opencode_stats.host.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from opencode_stats.daemon.exporter import Exporter
    from opencode_stats.settings import Settings


def _registered_home() -> str:
    import pwd  # noqa: PLC0415 - only where the environment does not say

    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return ""


def places() -> Paths:
    """The places that this process's environment and home mean.

    Raises:
        UserError: this user has no home, or a place's name is no UTF-8, which stats.json, SQLite and OpenCode need.
    """
    env = os.environ  # noqa: TID251 - the command line is where the environment comes in
    paths = Paths.of(env, home_of(env))
    for folder in (paths.data, paths.state, paths.config):
        try:
            str(folder).encode()
        except UnicodeEncodeError as error:
            raise UserError(f"The name of the folder {str(folder)!r} is not valid UTF-8. Use another one.") from error
    return paths


def currency_set(settings: Settings) -> Currency:
    """What the user has costs shown in."""
    return Currency(settings.currency, settings.per_usd)


def home_of(env: Mapping[str, str], registered: Callable[[], str] = _registered_home) -> Path:
    """The user's home: ``HOME`` where that is an absolute path, else what the system has registered.

    Raises:
        UserError: there is neither.
    """
    folder = env.get("HOME", "")
    if not os.path.isabs(folder):
        folder = registered()
    if os.path.isabs(folder):
        return Path(folder)
    raise UserError("It is not known where your home is. Set HOME to its absolute path.")


def chosen(paths: Paths) -> Settings:
    """The user's settings, for a command that only reads; a wrong file is told, and the last good hold."""
    from opencode_stats.settings.live import for_reader  # noqa: PLC0415 - one file of figures needs no settings

    settings, trouble = for_reader(paths.settings_file, paths.good_settings)
    if trouble:
        say(f"opencode-stats: {trouble}", err=True)
    return settings


@contextmanager
def own_exporter(paths: Paths, *, stays: bool) -> Iterator[Exporter]:
    """The lock and an exporter, for the block.

    ``stays`` where it is a daemon's, which waits for a command that is at work, and for a disk that fails.

    Raises:
        LockHeld: another exporter is at work; for a daemon's: another daemon.
        UserError, LedgerError: something can't be used.
    """
    # Imported here: together they are the slow half of the program.
    from opencode_stats.daemon.exporter import Exporter  # noqa: PLC0415
    from opencode_stats.daemon.losses import marker_folders  # noqa: PLC0415
    from opencode_stats.daemon.patience import locked_in_the_end, made_in_the_end  # noqa: PLC0415
    from opencode_stats.host.clock import SystemClock, local_zone  # noqa: PLC0415
    from opencode_stats.host.control import listens  # noqa: PLC0415
    from opencode_stats.host.lock import exporter_lock  # noqa: PLC0415
    from opencode_stats.host.processes import Processes  # noqa: PLC0415
    from opencode_stats.opencode.places import databases  # noqa: PLC0415
    from opencode_stats.settings.live import LiveSettings  # noqa: PLC0415

    pid = os.getpid()
    lock = partial(exporter_lock, paths.lock, pid)
    with locked_in_the_end(lock, partial(listens, paths.control), time.sleep) if stays else lock():
        make = partial(
            Exporter,
            paths,
            version=__version__,
            clock=SystemClock(),
            zone=partial(local_zone, os.environ),  # noqa: TID251
            processes=Processes(),
            databases=partial(databases, paths.opencode_data, os.environ),  # noqa: TID251
            daemon_pid=pid if stays else None,
            settings=LiveSettings(paths.settings_file, paths.good_settings),
            loss_folders=marker_folders(paths, os.environ),  # noqa: TID251
        )
        exporter = made_in_the_end(make, time.sleep) if stays else make()
        try:
            yield exporter
        except BaseException:
            # Whatever it was: the next start looks at the ledger closely.
            exporter.close(in_order=False)
            raise
        if not stays:
            exporter.back_up_if_due()
        exporter.close()

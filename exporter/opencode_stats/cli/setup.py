"""``opencode-stats setup``: put the plugin into OpenCode and keep an exporter at work."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

import opencode_stats
from opencode_stats.cli.say import explain, say
from opencode_stats.cli.surroundings import home_of, places
from opencode_stats.errors import OpencodeStatsError, UserError
from opencode_stats.host.files import told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from opencode_stats.host.paths import Paths
    from opencode_stats.install.manifest import Manifest
    from opencode_stats.install.plan import Plan, Wanted
    from opencode_stats.install.steps import Step
    from opencode_stats.install.survey import Machine
    from opencode_stats.install.user_services import Services
    from opencode_stats.install.work import Work


@click.command(short_help="Install the plugin and have the exporter started.")
@click.option(
    "--project",
    type=click.Path(exists=True, file_okay=False, path_type=Path, resolve_path=True),
    metavar="DIR",
    help="Install the plugin for this project only, instead of for all of yours.",
)
@click.option("--no-service", is_flag=True, help="Let nothing start the exporter by itself; you run it.")
@click.option("--no-gnome", is_flag=True, help="Leave the GNOME panel alone.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")
@click.option("--yes", is_flag=True, help="Don't ask.")
def command(project: Path | None, no_service: bool, no_gnome: bool, dry_run: bool, yes: bool) -> None:
    """Install the plugin into OpenCode and have the exporter started.

    The exporter becomes a systemd user service, on macOS a launchd agent; where neither answers, the plugin starts it.
    Where GNOME is there, its panel is installed and enabled, too.
    Run it again whenever you like: what is as it should be is not touched.

    \b
    Examples:
      opencode-stats setup
      opencode-stats setup --project ~/work/shop --dry-run
    """
    from opencode_stats.install.plan import plan_setup  # noqa: PLC0415 - readers of the figures need none of this
    from opencode_stats.install.survey import look_for_setup  # noqa: PLC0415

    machine = this_machine()
    services = machine.services
    try:
        wanted = _wanted(machine, project, service=not no_service, gnome=not no_gnome)
        found = look_for_setup(wanted, machine, services.state())
        plan = plan_setup(wanted, found)
        for note in plan.notes:
            explain(f"Note: {note}")
        if not plan.steps:
            say("Everything is set up already; nothing to do.")
            _note_package(wanted, found.manifest, machine, services, dry_run=dry_run)
            return
        if not announced(plan.steps, dry_run=dry_run, yes=yes):
            return
        work = worker(found.manifest, machine, services, _nothing_to_take_in)
        warnings = done(plan.steps, work)
        work.note_package(wanted.program.fingerprint)
    except OSError as error:
        raise UserError(f"{told(error)} Nothing after that was done.") from error
    failures = _checked(wanted, plan, services)
    for sentence in (*warnings, *failures):
        say(f"opencode-stats: {sentence}", err=True)
    if failures:
        sys.exit(1)
    _take_in_history(wanted.paths)
    _closing_words(plan, wanted)
    for sentence in (*work.left, *_silence(machine)):
        explain(sentence)


def _take_in_history(paths: Paths) -> None:
    """What OpenCode did before counts from the first look on. A failure here spoils nothing that was set up."""
    from opencode_stats.cli.take_in import take_in_everything  # noqa: PLC0415 - the slow half of the program

    try:
        take_in_everything(paths)
    except OpencodeStatsError as error:
        say(f"opencode-stats: OpenCode's history could not be taken in yet: {error}", err=True)


def this_machine() -> Machine:
    """The user's machine, with real commands."""
    from opencode_stats.install.survey import Machine  # noqa: PLC0415
    from opencode_stats.install.user_services import real_runner  # noqa: PLC0415

    env = dict(os.environ)  # noqa: TID251 - the command line is where the environment comes in
    return Machine(env, home_of(env), places(), real_runner(env, os.getuid()), sys.platform)


def _wanted(machine: Machine, project: Path | None, *, service: bool, gnome: bool) -> Wanted:
    from opencode_stats.install.command import recorded_environment, this_program  # noqa: PLC0415
    from opencode_stats.install.gnome_panel import bundled_panel  # noqa: PLC0415
    from opencode_stats.install.plan import Wanted  # noqa: PLC0415
    from opencode_stats.install.plugin_files import bundled_plugin  # noqa: PLC0415
    from opencode_stats.settings import read_settings  # noqa: PLC0415

    package = Path(opencode_stats.__file__).parent
    return Wanted(
        paths=machine.paths,
        program=this_program(sys.executable, package, opencode_stats.__version__),
        environment=recorded_environment(machine.env, machine.paths),
        plugin=bundled_plugin(),
        linger_s=read_settings(machine.paths.settings_file).linger_s,
        project=project,
        service=service,
        panel=bundled_panel() if gnome else None,
        kind=machine.services.kind,
    )


def announced(steps: Iterable[Step], *, dry_run: bool, yes: bool) -> bool:
    """Says what will be done, and asks; whether to go on.

    Raises:
        UserError: nobody is there to be asked.
    """
    say("This would be done:" if dry_run else "This will be done:")
    for step in steps:
        explain(f"  - {step}", hanging=4)
    if dry_run:
        say("Nothing was changed.")
        return False
    if yes:
        return True
    if not sys.stdin.isatty():
        raise UserError("Nobody is there to be asked: add --yes to go on. Nothing was changed.")
    if click.confirm("Go on?", default=True):
        return True
    say("Nothing was changed.")
    return False


def worker(manifest: Manifest, machine: Machine, services: Services, take_in: Callable[[], None]) -> Work:
    """Who does it, on the real machine."""
    from opencode_stats.install.opencode_dependencies import Waiting  # noqa: PLC0415
    from opencode_stats.install.work import Work  # noqa: PLC0415

    waiting = Waiting(time.monotonic, time.sleep)
    return Work(
        manifest,
        machine.paths,
        services=services,
        panel=machine.panel,
        env=machine.env,
        waiting=waiting,
        take_in=take_in,
    )


def done(steps: Iterable[Step], work: Work) -> list[str]:
    """Does the steps; gives what went otherwise than planned."""
    from opencode_stats.install.steps import BringDependencies  # noqa: PLC0415 - readers of the figures need none of it

    # A closed terminal must not leave the OpenCode behind that was started here: go through every `finally`.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    problems = []
    for step in steps:
        if isinstance(step, BringDependencies):
            say("Waiting for OpenCode's dependency install; it takes some seconds …")
        problem = work.do(step)
        if problem:
            problems.append(problem)
    return problems


def _end(number: int, _frame: object) -> NoReturn:
    sys.exit(128 + number)


def _note_package(wanted: Wanted, manifest: Manifest, machine: Machine, services: Services, *, dry_run: bool) -> None:
    if not dry_run and manifest.package != wanted.program.fingerprint:
        worker(manifest, machine, services, _nothing_to_take_in).note_package(wanted.program.fingerprint)


def _nothing_to_take_in() -> None:
    raise AssertionError("setup takes nothing in")


def _checked(wanted: Wanted, plan: Plan, services: Services) -> list[str]:
    """What is not as it should be after the work."""
    from opencode_stats.install.plugin_files import leads_to_ours  # noqa: PLC0415 - readers of the figures need it not

    problems = []
    plugin = wanted.folder / "plugins" / "opencode-stats.ts"
    try:
        if (there := plugin.read_bytes()) != wanted.plugin and not leads_to_ours(there):
            problems.append(f"{plugin} is not the plugin of this version.")
    except FileNotFoundError:
        # A project without a copy of its own is served by the user's.
        if wanted.project is None:
            problems.append(f"{plugin} is gone again. Does another program tidy that folder?")
    if plan.starter == "service" and not services.state().active:
        problems.append(f"The service does not run. See why: {wanted.kind.why}. Then run opencode-stats setup again.")
    return problems


def _silence(machine: Machine) -> list[str]:
    """What notifications lack, where GNOME's panel does not show them."""
    from opencode_stats.cli.desktop_checks import missing_library  # noqa: PLC0415 - as above

    how = "" if "GNOME" in machine.env.get("XDG_CURRENT_DESKTOP", "").split(":") else missing_library(machine)
    return [f"Notifications on the desktop need one library more: {how} adds it."] if how else []


def _closing_words(plan: Plan, wanted: Wanted) -> None:
    starter = {
        "service": f"The exporter runs as a {wanted.kind.title.rpartition(' ')[0]}.",
        "plugin": "The plugin starts the exporter together with OpenCode.",
        "nobody": "Nothing starts the exporter by itself: run opencode-stats daemon, or just opencode-stats.",
    }[plan.starter]
    explain(f"Set up. {starter} OpenCode takes the plugin up at its next start.")
    explain(f"The figures: opencode-stats, or {wanted.paths.stats_file}.")

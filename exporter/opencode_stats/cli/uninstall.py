"""``opencode-stats uninstall``: take everything out again but the figures."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from opencode_stats.cli.say import explain, say
from opencode_stats.cli.setup import announced, done, this_machine, worker
from opencode_stats.errors import UserError
from opencode_stats.host.files import told

if TYPE_CHECKING:
    from opencode_stats.host.paths import Paths


@click.command(short_help="Take the plugin and the exporter away; the ledger stays.")
@click.option("--purge", is_flag=True, help="Remove the ledger, too: all figures are gone then.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")
@click.option("--yes", is_flag=True, help="Don't ask.")
def command(purge: bool, dry_run: bool, yes: bool) -> None:
    """Take the plugin out of OpenCode and the exporter out of the system.

    What is still in the spool is counted first. The ledger with all figures stays, unless you ask for --purge.

    \b
    Examples:
      opencode-stats uninstall
      opencode-stats uninstall --purge --dry-run
    """
    from opencode_stats.install.plugin_files import bundled_plugin  # noqa: PLC0415 - only here
    from opencode_stats.install.removal import plan_uninstall  # noqa: PLC0415
    from opencode_stats.install.survey import look_for_uninstall  # noqa: PLC0415

    machine = this_machine()
    paths = machine.paths
    services = machine.services
    try:
        found, present = look_for_uninstall(paths, services.state(), services.kind)
        plan = plan_uninstall(paths, found, bundled_plugin(), present, purge=purge, kind=services.kind)
        if not plan.steps:
            say("Nothing of opencode-stats is set up.")
        elif not announced(plan.steps, dry_run=dry_run, yes=yes):
            return
        problems = done(plan.steps, worker(found.manifest, machine, services, partial(_take_in, paths)))
    except OSError as error:
        raise UserError(f"{told(error)} Nothing after that was done.") from error
    for problem in problems:
        explain(problem)
    if paths.ledger.exists():
        explain(f"The figures stay in the ledger {paths.ledger}; opencode-stats uninstall --purge removes it.")
    if plan.steps:
        say("An OpenCode that still runs has the plugin loaded: close it.")
        explain(_how_to_remove_the_program(paths))


def _how_to_remove_the_program(paths: Paths) -> str:
    from opencode_stats.install.origin import removal_of  # noqa: PLC0415 - only here

    return f"The program itself: {removal_of(Path(sys.prefix), paths.data)}."


def _take_in(paths: Paths) -> None:
    from opencode_stats.cli.now import bring_up_to_date  # noqa: PLC0415 - it opens the ledger

    bring_up_to_date(paths, wait=True, note="The spool and the ledger are untouched; --purge gives them up.")

"""What uninstall decides, given what is there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.install.test_plan import (
    CONFIG,
    FOREIGN,
    OLDER,
    OPENCODE,
    PATHS,
    PLUGIN,
    REACHABLE,
    RECORD,
    SHIPPED,
    UNIT,
    WANTED,
    after,
    kinds,
)

from opencode_stats.install.manifest import Manifest, digest
from opencode_stats.install.plan import Found, There, plan_setup
from opencode_stats.install.removal import own_state, plan_uninstall
from opencode_stats.install.steps import Forget, Remove, RemoveBrought, RemoveOwn, TakeInSpool


def test_uninstall_takes_in_first_and_forgets_last() -> None:
    before = Found(opencode=OPENCODE, service=REACHABLE, empty=(CONFIG,))
    found = after(plan_setup(WANTED, before), before)
    found = replace(found, manifest=replace(found.manifest, brought={"/home/u/.config/opencode": {}}), exporter_pid=77)

    plan = plan_uninstall(PATHS, found, SHIPPED, frozenset({PATHS.state, PATHS.spool, PATHS.ledger}), purge=False)

    expected = "TakeInSpool Remove Remove StopService Remove TakeInSpool RemoveOwn RemoveOwn RemoveBrought Forget"
    assert expected.split() == kinds(plan)
    assert RemoveOwn(own_state(PATHS), f"the spool and everything else in {PATHS.state}") in plan.steps
    assert RemoveBrought(PATHS.opencode_config) in plan.steps
    removed = [path for step in plan.steps if isinstance(step, RemoveOwn) for path in step.paths]
    assert PATHS.ledger not in removed


def test_purge_takes_the_ledger_and_no_spool_in() -> None:
    plan = plan_uninstall(PATHS, Found(), SHIPPED, frozenset({PATHS.state, PATHS.spool, PATHS.ledger}), purge=True)

    assert TakeInSpool() not in plan.steps
    removed = [path for step in plan.steps if isinstance(step, RemoveOwn) for path in step.paths]
    assert PATHS.ledger in removed
    assert isinstance(plan.steps[-1], Forget)


def test_uninstall_without_anything_has_nothing_to_do() -> None:
    assert plan_uninstall(PATHS, Found(), SHIPPED, frozenset(), purge=False).steps == ()


@pytest.mark.parametrize("there", [There("file", FOREIGN), There("link", SHIPPED), There("other")])
def test_uninstall_leaves_what_setup_did_not_write(there: There) -> None:
    files = {RECORD: There("file", b"{}"), PLUGIN: there, UNIT: There("file", b"[Unit]\n")}

    assert plan_uninstall(PATHS, Found(files=files), SHIPPED, frozenset(), purge=False).steps == ()


def test_uninstall_keeps_a_changed_plugin_aside_where_opencode_does_not_load_it() -> None:
    found = Found(
        files={PLUGIN: There("file", OLDER), UNIT: There("file", b"# Written by `opencode-stats setup`. changed")},
        manifest=Manifest(files={str(PLUGIN): digest(SHIPPED)}),
    )

    plan = plan_uninstall(PATHS, found, SHIPPED, frozenset(), purge=False)

    assert Remove(PLUGIN, "the plugin", aside=True) in plan.steps
    assert Remove(UNIT, "the service", aside=True) in plan.steps


def test_uninstall_knows_the_plugin_without_a_manifest() -> None:
    files = {
        RECORD: There("file", b'{"schemaVersion": 1, "stateDir": "/x", "autostart": null}'),
        PLUGIN: There("file", SHIPPED),
    }

    plan = plan_uninstall(PATHS, Found(files=files), SHIPPED, frozenset(), purge=False)

    assert Remove(PLUGIN, "the plugin") in plan.steps
    assert Remove(RECORD, "the plugin's record", aside=True) in plan.steps

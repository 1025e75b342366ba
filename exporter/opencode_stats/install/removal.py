"""What ``uninstall`` has to do. Pure, as ``plan`` is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from opencode_stats.install import gnome_panel, plugin_files
from opencode_stats.install.manifest import FILE_NAME
from opencode_stats.install.plan import NOTHING, Found, Plan, There, unwanted_file
from opencode_stats.install.service import SYSTEMD
from opencode_stats.install.steps import (
    ForbidAutostart,
    Forget,
    Remove,
    RemoveBrought,
    RemoveOwn,
    RemovePanel,
    StopExporter,
    StopService,
    TakeInSpool,
)
from opencode_stats.ledger.recovery import BESIDE

if TYPE_CHECKING:
    from opencode_stats.host.paths import Paths
    from opencode_stats.install.service import ServiceKind
    from opencode_stats.install.steps import Step


def plan_uninstall(
    paths: Paths,
    found: Found,
    plugin: bytes,
    present: frozenset[Path],
    *,
    purge: bool,
    kind: ServiceKind = SYSTEMD,
) -> Plan:
    """What takes opencode-stats out again.

    First the spool's content goes into the ledger: where that fails, nothing has changed yet. Then goes what could
    feed or start an exporter, then the exporter, and last what they kept.

    Args:
        paths: the places.
        found: what is there; ``files`` has the user's copy, the unit and every file of the manifest.
        plugin: the plugin of this version.
        present: those of the exporter's own files and folders that are there.
        purge: the ledger, too.
        kind: what this machine's service manager was told.
    """
    take_in: list[Step] = [TakeInSpool()] if paths.spool in present and not purge else []
    steps = [*take_in]
    for path, there in found.files.items():
        steps += _copy(found, path, there, plugin)
    unit = kind.file(paths)
    removed_unit = unwanted_file(found, unit, "the service", kind.is_ours)
    if removed_unit or found.service.enabled or found.service.active:
        steps.append(StopService(kind.title))
    steps += removed_unit
    if found.exporter_pid and not found.service.active:
        steps.append(StopExporter(found.exporter_pid, ""))
    if found.exporter_pid or found.service.active:
        # What came in between the first look and the exporter's end.
        steps += take_in
    if found.manifest.panel:
        steps.append(RemovePanel(gnome_panel.folder_below(paths.data.parent)))
    if found.manifest.settings:
        steps.append(ForbidAutostart(paths.settings_file))
    # Taking in makes a lock and publishes, even where neither was there before.
    if paths.state in present:
        steps.append(RemoveOwn(own_state(paths), f"the spool and everything else in {paths.state}"))
    if paths.stats_file in present or take_in:
        steps.append(RemoveOwn((paths.stats_file,), f"the published figures {paths.stats_file}"))
    # All of them, there or not: an exporter that is stopped before leaves one more.
    ledger = ledger_files(paths)
    if purge and not present.isdisjoint(ledger):
        steps.append(RemoveOwn(ledger, f"the ledger {paths.ledger}, for good: all figures are gone then"))
    steps += [RemoveBrought(Path(folder)) for folder in found.manifest.brought]
    if steps or paths.data / FILE_NAME in present:
        steps.append(Forget(paths.data / FILE_NAME))
    return Plan(tuple(steps), (), "nobody")


def own_state(paths: Paths) -> tuple[Path, ...]:
    """Everything that exporter and plugin keep besides the ledger."""
    return (
        paths.data / "tmp",
        paths.spool,
        paths.kept_spool,
        paths.quarantine,
        paths.losses,
        paths.doorbell,
        paths.control,
        paths.lock,
        paths.stamp.parent,
        paths.good_settings,
        paths.told,
    )


def ledger_files(paths: Paths) -> tuple[Path, ...]:
    """The ledger, the two files that SQLite keeps beside it, and everything that it could be made again from."""
    sides = tuple(paths.ledger.with_name(paths.ledger.name + ending) for ending in ("", "-wal", "-shm"))
    return *sides, *(paths.data / name for name in BESIDE), paths.backups, paths.damaged


def _copy(found: Found, path: Path, there: There, plugin: bytes) -> list[Step]:
    if path.name == plugin_files.PLUGIN:
        # Where the manifest is lost, the plugin of this very version is still known for certain.
        if there == There("file", plugin):
            return [Remove(path, "the plugin")]
        return unwanted_file(found, path, "the plugin", plugin_files.is_plugin_of_ours)
    if path.name == plugin_files.RECORD:
        beside = found.files.get(path.with_name(plugin_files.PLUGIN), NOTHING)
        if beside.kind == "file" and not plugin_files.is_plugin_of_ours(beside.content):
            return []
        return unwanted_file(found, path, "the plugin's record", plugin_files.is_record_of_ours)
    return []

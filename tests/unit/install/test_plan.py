"""What setup decides, given what is there."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from opencode_stats.errors import UserError
from opencode_stats.host.paths import Paths
from opencode_stats.install.command import Program
from opencode_stats.install.manifest import Manifest, digest
from opencode_stats.install.plan import Found, There, Wanted, plan_setup
from opencode_stats.install.removal import plan_uninstall
from opencode_stats.install.steps import (
    AllowAutostart,
    BringDependencies,
    ForbidAutostart,
    Remove,
    StartService,
    StopExporter,
    StopService,
    Write,
)
from opencode_stats.install.user_services import ServiceState

if TYPE_CHECKING:
    from opencode_stats.install.plan import Plan

HOME = Path("/home/u")
PATHS = Paths.of({}, HOME)
CONFIG = PATHS.opencode_config
PLUGINS = CONFIG / "plugins"
PLUGIN = PLUGINS / "opencode-stats.ts"
RECORD = PLUGINS / "opencode-stats.json"
UNIT = PATHS.systemd_user / "opencode-stats.service"
SHIPPED = b"// opencode-stats: this version\nexport default {}\n"
OLDER = b"// opencode-stats: an older version\nexport default {}\n"
FOREIGN = b"// my own tool\nexport default {}\n"
OPENCODE = (Path("/opt/opencode"), 1)

WANTED = Wanted(
    paths=PATHS,
    program=Program(("/opt/bin/opencode-stats",), "0.1.0+aa"),
    environment={"XDG_DATA_HOME": "/home/u/.local/share"},
    plugin=SHIPPED,
    linger_s=600,
)
REACHABLE = ServiceState(reachable=True)
RUNNING = ServiceState(reachable=True, enabled=True, active=True)


def after(plan: Plan, found: Found) -> Found:
    """What is there once a plan is carried out."""
    files = dict(found.files)
    written = dict(found.manifest.files)
    state = found.service
    autostart = found.autostart
    settings = found.manifest.settings
    for step in plan.steps:
        match step:
            case Write():
                files[step.path] = There("file", step.content)
                written[str(step.path)] = digest(step.content)
            case Remove():
                files.pop(step.path)
                written.pop(str(step.path), None)
            case StartService():
                state = RUNNING
            case StopService():
                state = ServiceState(reachable=state.reachable)
            case AllowAutostart():
                autostart = True
                settings = "file" if step.new else "line"
            case ForbidAutostart():
                autostart = None
                settings = ""
    manifest = replace(found.manifest, files=written, settings=settings, package=WANTED.program.fingerprint)
    return replace(found, files=files, manifest=manifest, service=state, autostart=autostart, unsettled=())


def kinds(plan: Plan) -> list[str]:
    return [type(step).__name__ for step in plan.steps]


def record_in(plan: Plan) -> dict[str, object]:
    (content,) = [step.content for step in plan.steps if isinstance(step, Write) and step.path.suffix == ".json"]
    found: dict[str, object] = json.loads(content)
    return found


@pytest.mark.parametrize("state", [ServiceState(reachable=False), REACHABLE])
@pytest.mark.parametrize("service", [True, False])
@pytest.mark.parametrize("project", [None, Path("/work/shop")])
def test_what_setup_did_leaves_it_nothing_to_do(state: ServiceState, *, service: bool, project: Path | None) -> None:
    wanted = replace(WANTED, service=service, project=project)
    found = Found(service=state, opencode=OPENCODE)

    plan = plan_setup(wanted, found)

    assert plan.steps
    assert plan_setup(wanted, after(plan, found)).steps == ()


def test_with_a_user_manager_the_service_starts_the_exporter() -> None:
    plan = plan_setup(WANTED, Found(service=REACHABLE, opencode=OPENCODE, unsettled=(CONFIG,), empty=(CONFIG,)))

    assert kinds(plan) == ["BringDependencies", "Write", "Write", "Write", "StartService"]
    assert plan.steps[0] == BringDependencies(OPENCODE[0], (CONFIG,), None, (CONFIG,))
    assert {"schemaVersion": 1, "stateDir": str(PATHS.state), "autostart": None} == record_in(plan)
    assert plan.starter == "service"


def test_without_one_the_plugin_does_with_an_absolute_command_and_the_recorded_places() -> None:
    plan = plan_setup(WANTED, Found(opencode=OPENCODE, unsettled=(CONFIG,)))

    assert kinds(plan) == ["BringDependencies", "Write", "Write", "AllowAutostart"]
    command = [
        "/usr/bin/env",
        "XDG_DATA_HOME=/home/u/.local/share",
        "/opt/bin/opencode-stats",
        "daemon",
        "--linger",
        "600",
    ]
    assert command == record_in(plan)["autostart"]
    assert plan.starter == "plugin"


@pytest.mark.parametrize("state", [ServiceState(reachable=False), REACHABLE, RUNNING])
def test_no_service_means_that_nothing_starts_it(state: ServiceState) -> None:
    before = Found(opencode=OPENCODE, service=state)
    found = after(plan_setup(WANTED, before), before)

    plan = plan_setup(replace(WANTED, service=False), found)
    left = after(plan, found)

    assert plan.starter == "nobody"
    assert UNIT not in left.files
    assert not left.service.enabled
    assert left.autostart is None
    assert json.loads(left.files[RECORD].content)["autostart"] is None


def test_the_user_may_forbid_autostart_in_the_settings() -> None:
    plan = plan_setup(WANTED, Found(opencode=OPENCODE, autostart=False, settings_exist=True))

    assert record_in(plan)["autostart"] is None
    assert "AllowAutostart" not in kinds(plan)
    assert any("autostart = false" in note for note in plan.notes)


def test_a_manager_that_came_later_takes_over_from_the_plugin() -> None:
    before = Found(opencode=OPENCODE)
    found = replace(after(plan_setup(WANTED, before), before), service=REACHABLE, exporter_pid=77)

    plan = plan_setup(WANTED, found)

    assert kinds(plan) == ["Write", "ForbidAutostart", "StopExporter", "Write", "StartService"]
    assert StopExporter(77, ": the service takes over") in plan.steps
    assert plan_setup(WANTED, replace(after(plan, found), exporter_pid=0)).steps == ()


def test_a_unit_stays_where_the_manager_can_not_be_asked_just_now() -> None:
    before = Found(opencode=OPENCODE, service=REACHABLE)
    found = replace(after(plan_setup(WANTED, before), before), service=ServiceState(reachable=False))

    plan = plan_setup(WANTED, found)

    assert UNIT in after(plan, found).files
    assert kinds(plan) == ["Write", "AllowAutostart"]


def test_another_version_of_the_program_restarts_the_service() -> None:
    before = Found(opencode=OPENCODE, service=REACHABLE)
    found = after(plan_setup(WANTED, before), before)
    newer = replace(WANTED, program=Program(WANTED.program.command, "0.1.0+bb"))

    assert kinds(plan_setup(newer, found)) == ["Write", "StartService"]


def test_a_service_that_was_stopped_is_started() -> None:
    before = Found(opencode=OPENCODE, service=REACHABLE)
    found = replace(after(plan_setup(WANTED, before), before), service=ServiceState(reachable=True, enabled=True))

    assert kinds(plan_setup(WANTED, found)) == ["StartService"]


def test_an_exporter_of_an_older_program_is_stopped_where_the_plugin_starts_the_next() -> None:
    before = Found(opencode=OPENCODE)
    found = replace(after(plan_setup(WANTED, before), before), exporter_pid=77)
    newer = replace(WANTED, program=Program(WANTED.program.command, "0.1.0+bb"))

    assert kinds(plan_setup(newer, found)) == ["StopExporter"]
    assert plan_setup(WANTED, found).steps == ()


def test_opencode_not_found_is_a_note() -> None:
    plan = plan_setup(WANTED, Found(service=REACHABLE))

    assert "BringDependencies" not in kinds(plan)
    assert any("not found" in note for note in plan.notes)


@pytest.mark.parametrize("major", [0, 2])
def test_only_opencode_1_is_asked_for_its_dependency_install(major: int) -> None:
    plan = plan_setup(WANTED, Found(opencode=(Path("/opt/opencode"), major), unsettled=(CONFIG,)))

    assert "BringDependencies" not in kinds(plan)


@pytest.mark.parametrize("path", [PLUGIN, RECORD, UNIT])
@pytest.mark.parametrize("there", [There("file", FOREIGN), There("link", FOREIGN), There("link"), There("other")])
def test_what_is_not_ours_is_refused_with_one_sentence(path: Path, there: There) -> None:
    with pytest.raises(UserError, match=r"^[^\n]+ is not from opencode-stats\. Move it away and run setup again; "):
        plan_setup(WANTED, Found(service=REACHABLE, opencode=OPENCODE, files={path: there}))


def test_a_link_to_the_very_plugin_is_left_alone() -> None:
    plan = plan_setup(WANTED, Found(opencode=OPENCODE, files={PLUGIN: There("link", SHIPPED)}))

    assert PLUGIN not in [step.path for step in plan.steps if isinstance(step, Write)]


def test_the_repository_s_own_plugin_is_left_as_it_is() -> None:
    repository = Path(__file__).parents[3]
    content = (repository / ".opencode" / "plugins" / "opencode-stats.ts").read_bytes()
    there = repository / ".opencode" / "plugins" / "opencode-stats.ts"
    files = {there: There("file", content)}

    plan = plan_setup(replace(WANTED, project=repository), Found(opencode=OPENCODE, files=files))

    assert there not in [step.path for step in plan.steps if isinstance(step, Write)]
    assert any("left as it is" in note for note in plan.notes)
    assert plan_uninstall(PATHS, Found(files=files), SHIPPED, frozenset(), purge=False).steps == ()


def test_an_older_plugin_of_ours_is_replaced_and_a_changed_one_kept_aside() -> None:
    older = {PLUGIN: There("file", OLDER)}
    written = Manifest(files={str(PLUGIN): digest(OLDER)})

    replaced = plan_setup(WANTED, Found(opencode=OPENCODE, files=older, manifest=written))
    kept = plan_setup(WANTED, Found(opencode=OPENCODE, files=older))

    assert Write(PLUGIN, SHIPPED, "the plugin") in replaced.steps
    assert Write(PLUGIN, SHIPPED, "the plugin", aside=True) in kept.steps


def test_a_project_needs_no_copy_where_the_user_has_one() -> None:
    project = Path("/work/shop")
    before = Found(opencode=OPENCODE, service=REACHABLE)
    found = replace(after(plan_setup(WANTED, before), before), unsettled=(project / ".opencode",))

    plan = plan_setup(replace(WANTED, project=project), found)

    assert plan.steps == ()
    assert any("/work/shop needs no copy" in note for note in plan.notes)


def test_a_copy_in_a_place_of_the_user_s_own_choice_is_a_note() -> None:
    stray = CONFIG / "plugin" / "opencode-stats.ts"

    assert any(str(stray) in note for note in plan_setup(WANTED, Found(strays=(stray,))).notes)


def test_a_project_s_record_is_not_for_git() -> None:
    wanted = replace(WANTED, project=Path("/work/shop"))
    before = Found(opencode=OPENCODE)
    plan = plan_setup(wanted, before)

    assert any("keep it out of git" in note for note in plan.notes)
    assert plan_setup(wanted, after(plan, before)).notes == ()


def test_every_copy_that_setup_wrote_is_brought_to_this_version() -> None:
    project = Path("/work/shop")
    before = Found(opencode=OPENCODE, service=REACHABLE)
    first = plan_setup(replace(WANTED, project=project, plugin=OLDER), before)
    found = after(first, before)

    plan = plan_setup(WANTED, found)

    copy = project / ".opencode" / "plugins" / "opencode-stats.ts"
    assert [PLUGIN, copy] == [s.path for s in plan.steps if isinstance(s, Write) and s.content == SHIPPED]


def test_every_step_says_what_it_does() -> None:
    before = Found(opencode=OPENCODE, service=REACHABLE)
    setup = plan_setup(WANTED, before)
    removal = plan_uninstall(PATHS, after(setup, before), SHIPPED, frozenset({PATHS.state, PATHS.spool}), purge=True)

    for step in (*setup.steps, *removal.steps):
        assert str(step)[0].islower()
        assert "\n" not in str(step)

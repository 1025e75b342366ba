"""What plugin, exporter and service have to agree on without a word between them: full files, and an upgrade."""

from __future__ import annotations

import re

import pytest

from opencode_stats.cli.daemon import EXIT_UPGRADED
from opencode_stats.cli.ledger_checks import SPOOL_FULL
from opencode_stats.ingest.spool import FULL_BYTES
from opencode_stats.install.command import SERVICE_ARGUMENTS
from opencode_stats.install.plugin_files import bundled_plugin
from opencode_stats.install.service import unit_text


def declared(name: str) -> str:
    """A constant of the installed plugin."""
    found = re.search(rf"^const {name} = (.*);$", bundled_plugin().decode(), re.MULTILINE)
    assert found is not None, name
    return found[1]


def test_a_file_is_full_at_the_same_size() -> None:
    factors = [int(factor) for factor in declared("FULL_BYTES").split(" * ")]

    assert factors == [8, 1024, 1024]
    assert factors[0] * factors[1] * factors[2] == FULL_BYTES


def test_a_removed_file_has_the_same_reason() -> None:
    assert declared("REASON") == f'"{SPOOL_FULL}"'


@pytest.mark.parametrize("setting", ["RestartForceExitStatus", "SuccessExitStatus"])
def test_the_service_starts_anew_on_the_code_with_which_an_outdated_daemon_ends(setting: str) -> None:
    unit = unit_text(("/opt/opencode-stats", *SERVICE_ARGUMENTS), {}, "1")

    assert f"\n{setting}={EXIT_UPGRADED}\n" in unit
    assert "--supervised" in unit

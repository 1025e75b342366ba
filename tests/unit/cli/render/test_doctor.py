"""Doctor's page: at every width, with colours and without, and whatever the texts are."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencode_stats.cli.finding import CODES, VERDICTS, Finding, worst
from opencode_stats.cli.render.doctor import document, page
from opencode_stats.cli.render.text import width

if TYPE_CHECKING:
    from opencode_stats.cli.finding import Verdict

ROOT = Path(__file__).parents[4]
UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
FOUND = [
    Finding("ok", "plugin", "installed as /home/u/.config/opencode/plugins/opencode-stats.ts."),
    Finding(
        "warn",
        "rights",
        "/home/u/.local/state/opencode-stats/quarantine is open to other users.",
        "chmod go= /home/u/.local/state/opencode-stats/quarantine",
    ),
    Finding("fail", "stats.json", "it was written by a newer version.", "update opencode-stats"),
]


def plain(verdict: Verdict, word: str) -> str:
    return word


def test_a_terminal_of_sixty_columns() -> None:
    assert page(FOUND, 60, plain).splitlines() == [
        "ok    plugin: installed as",
        "      /home/u/.config/opencode/plugins/opencode-stats.ts.",
        "warn  rights: /home/u/.local/state/opencode-stats/quarantine",
        "      is open to other users.",
        "      → chmod go= /home/u/.local/state/opencode-stats/quarantine",
        "fail  stats.json: it was written by a newer version.",
        "      → update opencode-stats",
        "",
        "2 of 3 want mending.",
    ]


def test_a_pipe_gets_a_line_a_finding() -> None:
    lines = page(FOUND, None, plain, "->").splitlines()

    assert lines[0] == "ok    plugin: installed as /home/u/.config/opencode/plugins/opencode-stats.ts."
    assert lines[2] == "      -> chmod go= /home/u/.local/state/opencode-stats/quarantine"


def test_only_the_verdict_is_painted() -> None:
    painted = page(FOUND, 80, lambda verdict, word: f"<{verdict}>{word}</>")

    assert re.findall(r"<.*?</>", painted) == ["<ok>ok  </>", "<warn>warn</>", "<fail>fail</>"]


def test_the_end_of_the_page() -> None:
    assert page(FOUND[:1], 80, plain).endswith("\n\nEverything is as it should be.")
    assert page(FOUND[:2], 80, plain).endswith("\n\n1 of 2 wants mending.")


FINDINGS = st.lists(
    st.builds(Finding, st.sampled_from(VERDICTS), st.sampled_from(sorted(CODES)), st.text(), st.text()), max_size=5
)


@given(found=FINDINGS, columns=st.integers(20, 200))
def test_no_line_is_too_wide_and_nothing_unseen_is_printed(found: list[Finding], columns: int) -> None:
    shown = page(found, columns, plain)

    assert {unicodedata.category(char) for char in shown.replace("\n", "")}.isdisjoint(UNSEEN)
    assert max(map(width, shown.splitlines())) <= min(max(columns, 40), 100)


@given(found=FINDINGS)
def test_the_document_says_all_of_it(found: list[Finding]) -> None:
    told = json.loads(json.dumps(document(found)))

    assert [entry["reason"] for entry in told["findings"]] == [finding.reason for finding in found]
    assert told["verdict"] == worst(found)


@pytest.mark.parametrize(
    ("verdicts", "expected"), [([], "ok"), (["ok", "warn"], "warn"), (["fail", "warn", "ok"], "fail")]
)
def test_the_worst(verdicts: list[Verdict], expected: str) -> None:
    assert worst(Finding(verdict, "plugin", "") for verdict in verdicts) == expected


def test_every_code_is_one_subject_s() -> None:
    assert len(set(CODES.values())) == len(CODES)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", code) for code in CODES.values())


def test_the_page_about_doctor_names_every_code() -> None:
    table = (ROOT / "docs" / "doctor.md").read_text("utf-8").split("## What is looked at")[1]
    named = re.findall(r"`([a-z-]+)`", "".join(row.split("|")[1] for row in table.splitlines() if row[:3] == "| `"))

    assert sorted(named) == sorted(CODES.values())


def test_the_codes_of_health_are_among_them_and_on_their_page() -> None:
    room = ROOT / "exporter" / "opencode_stats" / "daemon"
    sources = "".join((room / name).read_text("utf-8") for name in ("health.py", "setbacks.py"))
    codes = set(re.findall(r'Problem\(\s*"([a-z-]+)"', sources))
    page_of_stats = (ROOT / "docs" / "stats-json.md").read_text("utf-8")

    assert len(codes) >= 6
    assert codes <= set(CODES.values())
    assert {code for code in codes if f"| `{code}` |" not in page_of_stats} == set()

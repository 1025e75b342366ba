"""``statusline`` as bars call it: once, as a stream, and with whatever stands in stats.json's place."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

import pytest
from tests.support.screens import SCREENS
from tests.unit.daemon.household import COMMAND, PATIENCE_S, until

from opencode_stats.cli.render.glance import VALUES
from opencode_stats.cli.statusline import FORMATS
from opencode_stats.host.lock import exporter_lock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.cli.conftest import Call
    from tests.unit.daemon.household import Household

pytestmark = pytest.mark.processes


def publish(household: Household, document: dict[str, Any] | None = None, **daily: object) -> None:
    """Replaces stats.json, as the exporter does."""
    document = SCREENS["working"]().document if document is None else document
    document["daily"] |= daily
    file = household.paths.stats_file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.with_name("temporary").write_text(json.dumps(document))
    file.with_name("temporary").replace(file)


@contextmanager
def following(household: Household, *arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """The stream, while the context lasts."""
    with subprocess.Popen(
        [*COMMAND, "statusline", "--follow", *arguments],
        env=household.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout
        finally:
            process.kill()


def test_today_on_one_line(call: Call, household: Household) -> None:
    publish(household)
    with exporter_lock(household.paths.lock, os.getpid()):
        done = call("statusline")

    assert (done.returncode, done.stdout, done.stderr) == (0, "437K $12.85\n", "")


def test_it_only_reads(call: Call, household: Household) -> None:
    publish(household)
    before = sorted(str(path) for path in household.home.rglob("*"))
    for form in FORMATS:
        assert call("statusline", "--format", form).returncode == 0

    assert sorted(str(path) for path in household.home.rglob("*")) == before


def test_a_template_and_a_text_in_a_bars_language(call: Call, household: Household) -> None:
    publish(household)

    assert call("statusline", "--format", "{today.tokens}|{state}").stdout == "437K|working\n"
    assert json.loads(call("statusline", "--format", "waybar", "--text", "<b>{session.cost}</b>").stdout)["text"] == (
        "<b>$12.85</b>"
    )
    assert call("statusline", "--format", "i3blocks", "--text", "{state}").stdout.splitlines()[:2] == ["working"] * 2


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("follow", [False, True])
def test_without_a_file_the_line_is_empty_and_no_bar_breaks(household: Household, form: str, follow: bool) -> None:
    if follow:
        with following(household, "--format", form) as (process, stream):
            first = stream.readline().decode()
            assert process.poll() is None
    else:
        done = household.call("statusline", "--format", form)
        first = done.stdout
        assert (done.returncode, done.stderr) == (0, "")
    if form == "waybar":
        assert json.loads(first) == {"text": "", "tooltip": "There are no figures yet.", "class": "none"}
    elif form == "xbar":
        assert first.startswith("~~~" if follow else "- |")
    else:
        assert first.strip() in ("", '{"full_text": ""}')


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"garbage", "is not as opencode-stats writes it. Move it away and try again."),
        (b'{"schemaVersion": 1, "session": []}', "is not as opencode-stats writes it. Move it away and try again."),
        (b'{"schemaVersion": 2}', "was written by a newer version. Update opencode-stats and try again."),
        (None, "can't be read: it is not a file."),
    ],
)
def test_what_is_no_stats_json_is_told_without_breaking_a_bar(
    call: Call, household: Household, content: bytes | None, reason: str
) -> None:
    household.paths.stats_file.parent.mkdir(parents=True)
    if content is None:
        household.paths.stats_file.mkdir()
    else:
        household.paths.stats_file.write_bytes(content)

    plain, waybar = call("statusline"), call("statusline", "--format", "waybar")

    assert (plain.returncode, plain.stdout) == (0, "\n")
    assert plain.stderr == f"opencode-stats: {household.paths.stats_file} {reason}\n"
    assert (waybar.returncode, json.loads(waybar.stdout)["text"]) == (0, "")
    assert reason.split("'", maxsplit=1)[0] in json.loads(waybar.stdout)["tooltip"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--format", "wybar"], "There is no format 'wybar'. Did you mean waybar? There are: i3blocks, plain,"),
        (["--format", "{tokens}"], "There is no 'tokens' for a template. There are: session.tokens,"),
        (["--format", "tmux", "--text", "{"], "has a brace without its other half"),
        (["--format", "{state}", "--text", "{state}"], "by --format or by --text, not by both"),
    ],
)
def test_a_mistake_is_a_sentence(call: Call, arguments: list[str], said: str) -> None:
    done = call("statusline", *arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_help_has_every_name_and_format(call: Call) -> None:
    text = call("statusline", "--help").stdout

    assert all(f"\n    {name} " in text for name in VALUES)
    assert all(form in text for form in FORMATS)


def test_a_line_at_every_change_and_none_for_the_same_figures(household: Household) -> None:
    with following(household, "--format", "{today.exact}") as (_, stream):
        assert stream.readline() == b"\n"
        for tokens in (1, 2, 3000):
            publish(household, totalTokens=tokens)
            publish(household, totalTokens=tokens)
            assert stream.readline().decode().replace(",", "") == f"{tokens}\n"


@pytest.mark.parametrize("form", FORMATS)
def test_a_stream_in_every_language(household: Household, form: str) -> None:
    publish(household)
    lines = {"xbar": 2}.get(form, 1)
    with following(household, "--format", form) as (_, stream):
        first = [stream.readline() for _ in range(lines)][-1]

    assert b"437K" in first
    if form in ("waybar", "i3blocks"):
        assert "437K" in json.dumps(json.loads(first))


def test_it_ends_quietly_when_its_reader_goes_though_nothing_changes(household: Household) -> None:
    publish(household)
    with following(household) as (process, stream):
        assert stream.readline().startswith(b"437K")
        stream.close()

        assert process.wait(PATIENCE_S) == 0
        assert process.stderr is not None
        assert process.stderr.read() == b""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, -signal.SIGTERM)])
def test_it_ends_quietly_when_it_is_told_to(household: Household, number: int, code: int) -> None:
    publish(household)
    with following(household) as (process, stream):
        stream.readline()
        process.send_signal(number)

        assert process.wait(PATIENCE_S) == code
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_it_waits_without_looking(household: Household) -> None:
    publish(household)
    with following(household) as (process, stream):
        stream.readline()
        publish(household, totalTokens=1)
        stream.readline()

        def switches() -> str:
            with open(f"/proc/{process.pid}/status", encoding="utf-8") as status:
                return next(line for line in status if line.startswith("voluntary_ctxt_switches"))

        until(lambda: _sleeps(process.pid), "it sleeps")
        before = switches()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1.5)

        assert switches() == before


def _sleeps(pid: int) -> bool:
    with open(f"/proc/{pid}/wchan", encoding="utf-8") as where:
        return "poll" in where.read() or _state(pid) == "S"


def _state(pid: int) -> str:
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        return stat.read().rpartition(")")[2].split()[0]

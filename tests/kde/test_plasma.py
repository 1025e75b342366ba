"""Real Plasma, the packed widget, a real exporter."""

from __future__ import annotations

import contextlib
import copy
import os
import statistics
import struct
import time
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from tests.bars.story import afternoon
from tests.e2e.rig.fetch import REPOSITORY
from tests.e2e.rig.processes import eventually
from tests.kde.rig.plasma import HEIGHT, MEASURED, WIDTH

from opencode_stats.cli.render.figures import cost_of_section
from opencode_stats.cli.render.glance import short
from opencode_stats.host.lock import exporter_lock
from opencode_stats.sample.making import NO_BOOT, make_scenes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gnome.rig.world import World
    from tests.kde.rig.plasma import Plasma

pytestmark = pytest.mark.timeout(240)
WAITING: Final = "OpenCode waits for you."
RUNNING: Final = "OpenCode is running."
RESTING: Final = "OpenCode is not running."
ORANGE_LEAST: Final = 20
QMLLINT: Final = "/usr/lib/qt6/bin/qmllint"
PLASMA_UI: Final = "/home/rig/.local/share/plasma/plasmoids/io.github.opencode_stats/contents/ui"


def publish(home: World, document: dict[str, Any] | str) -> float:
    """As the exporter does: the file, then the stamp; gives when, on the monotonic clock, in ms."""
    at_ms = home.put(document)
    home.stamp(digest=False)
    return at_ms


def today(tokens: int) -> str:
    return f"Today: {tokens:,} tokens"


def keep(desk: Plasma, name: str, geometry: str) -> None:
    """Put a picture into docs/images, where that was asked for."""
    picture = desk.photograph(f"kde-{name}.png", geometry)
    assert picture.startswith(b"\x89PNG")
    if os.environ.get("PICTURES"):
        (REPOSITORY / "docs" / "images" / f"kde-{name}.png").write_bytes(picture)


@contextlib.contextmanager
def popup(desk: Plasma, has: str) -> Iterator[None]:
    """The popup, in which a text has ``has`` in it, while the context lasts."""

    def is_there() -> bool:
        return any(has in one["text"] and one["role"] != "button" for one in desk.texts())

    desk.click()
    eventually(is_there, what=f"{has} in the popup")
    time.sleep(1)  # it slides in
    yield
    desk.click()
    eventually(lambda: not is_there(), what="the popup to close")
    time.sleep(1)  # a click on what has just been closed opens nothing


@pytest.fixture
def story(home: World) -> Iterator[dict[str, Any]]:
    """An afternoon's figures that somebody keeps."""
    lock = home.home.state / "lock"
    now_ms = time.time_ns() // 1_000_000
    document = afternoon(now_ms)
    document["exporter"]["generatedAt"] = now_ms
    with exporter_lock(lock, os.getpid()):
        yield document


def test_before_there_are_figures_it_says_so(desk: Plasma) -> None:
    desk.spoken("No figures yet")
    assert desk.label == ""


def test_plasmas_own_linter_can_read_it(desk: Plasma) -> None:
    # It does not know what Plasma registers while it runs, so what it can't look up is no finding.
    quiet = [f"--{kind}=disable" for kind in ("import", "unresolved-type", "missing-property", "unqualified")]
    assert desk.run("sh", "-c", f"LC_ALL=C.UTF-8 {QMLLINT} -W 0 {' '.join(quiet)} {PLASMA_UI}/*.qml 2>&1") == ""


def test_a_real_exporters_figures_are_shown_to_the_token_and_follow(desk: Plasma, home: World) -> None:
    with home.exporter.daemon():
        opencode = home.opencode()
        opencode.script.conversation("ses_shop", directory="/home/rig/work/shop")
        before = 0
        for tokens in (1_234, 44_000, 1_500_000):
            opencode.turn("ses_shop", input=tokens, output=77, cost_usd=0.25)
            before += tokens + 77
            desk.spoken(today(before))
            assert home.daily_tokens == before
        desk.spoken(RUNNING)
        eventually(lambda: desk.label == "1.55M $0.7500", what="the label")
        opencode.now().busy("ses_shop").asked("per_1", "ses_shop")
        opencode.write()
        desk.spoken(WAITING)
        opencode.now().ended()
        opencode.write()
        home.processes[-1].kill()
        home.processes[-1].wait()
        desk.spoken(RESTING)


def test_the_popup_has_all_figures_todays_models_and_who_runs(desk: Plasma, home: World, story: dict[str, Any]) -> None:
    publish(home, story)
    desk.spoken(WAITING)
    with popup(desk, "Session"):
        texts = {one["text"] for one in desk.texts()}
        assert {"Session", "Today", "Total", "Running", "Waits for you", *story["daily"]["models"]} <= texts
        assert {short(story["daily"]["totalTokens"]), cost_of_section(story["daily"])} <= texts
        keep(desk, "popup", f"440x420+{WIDTH - 440}+{HEIGHT - 420}")


def test_the_label_follows_the_rename(desk: Plasma, home: World, story: dict[str, Any]) -> None:
    took_ms = []
    document = copy.deepcopy(story)
    for step in range(20):
        document["daily"]["totalTokens"] = 5_000_000 + step
        at_ms = publish(home, document)
        _text, seen_ms = desk.spoken(today(5_000_000 + step))
        took_ms.append(seen_ms - at_ms)
        time.sleep(0.4 + 0.013 * step)
    MEASURED.append(f"rename to label: median {statistics.median(took_ms):.0f} ms, most {max(took_ms):.0f} ms")
    # A poll would take seconds.
    assert statistics.median(took_ms) < 1000


def test_of_a_flood_the_last_figure_is_shown_and_few_are_read(desk: Plasma, home: World, story: dict[str, Any]) -> None:
    document = copy.deepcopy(story)
    before_s = cpu_s(desk)
    began_s = time.monotonic()
    for step in range(100):
        document["daily"]["totalTokens"] = 6_000_000 + step
        publish(home, document)
        time.sleep(0.05)
    desk.spoken(today(6_000_099))
    spent_s, lasted_s = cpu_s(desk) - before_s, time.monotonic() - began_s
    MEASURED.append(f"plasmashell while figures change 20 times a second: {spent_s / lasted_s:.1%} of a core")


def test_while_nothing_changes_it_costs_nothing(desk: Plasma, home: World, story: dict[str, Any]) -> None:
    publish(home, story)
    desk.spoken(WAITING)
    time.sleep(3)
    before_s = cpu_s(desk)
    time.sleep(10)
    MEASURED.append(f"plasmashell while nothing changes: {cpu_s(desk) - before_s:.2f} s of processor time in 10 s")


def test_who_waits_is_seen_in_colour_and_who_has_gone_is_dim(desk: Plasma, home: World, story: dict[str, Any]) -> None:
    publish(home, story)
    desk.spoken(WAITING)
    time.sleep(1)
    assert orange(desk) > ORANGE_LEAST
    working = copy.deepcopy(story)
    working["sessions"] = [run for run in story["sessions"] if run["state"] != "waiting"]
    publish(home, working)
    desk.spoken(RUNNING)
    time.sleep(1)
    assert orange(desk) == 0
    darkest = ink(desk)
    publish(home, {**working, "sessions": []})
    desk.spoken(RESTING)
    time.sleep(1)
    assert ink(desk) > darkest + 30


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ("", "stats.json is empty"),
        ('{"session": {', "stats.json is damaged"),
        ("[]", "stats.json is not from opencode-stats"),
    ],
)
def test_what_is_wrong_is_said_and_the_figures_of_before_stay(
    desk: Plasma, home: World, story: dict[str, Any], content: str, title: str
) -> None:
    publish(home, story)
    desk.spoken(WAITING)
    # Whether an exporter is at work is looked at once a minute; until then the figures may be those of none.
    eventually(lambda: "?" not in desk.label, timeout_s=70, what="figures that are not old")
    before = desk.label
    publish_text(home, content)
    with popup(desk, title):
        assert desk.label == before
    publish(home, story)


def test_a_newer_format_is_not_shown(desk: Plasma, home: World, story: dict[str, Any]) -> None:
    publish(home, {**story, "schemaVersion": 2})
    desk.spoken("opencode-stats is newer than this widget")
    assert desk.label == ""
    publish(home, story)
    desk.spoken(WAITING)


def test_names_that_are_markup_are_shown_as_they_are(desk: Plasma, home: World, tmp_path: Path) -> None:
    now_ms = time.time_ns() // 1_000_000
    assert list(make_scenes(tmp_path, seed=5, now_ms=now_ms, zone=lambda: UTC, boot=NO_BOOT))
    publish_text(home, (tmp_path / "hostile/.local/share/opencode/stats.json").read_text("utf-8"))
    desk.spoken(RUNNING)
    with popup(desk, "<b>"):
        assert not any("\x1b" in one["text"] or "\u202e" in one["text"] for one in desk.texts())


def test_the_settings(desk: Plasma, home: World, story: dict[str, Any]) -> None:
    publish(home, story)
    desk.spoken(WAITING)
    both = desk.label
    desk.set("content", "tokens")
    eventually(lambda: desk.label == both.split(" ", maxsplit=1)[0], what="tokens alone")
    desk.set("figure", "all")
    eventually(lambda: desk.label.count(" / ") == 2, what="all three")
    desk.set("figure", "today")
    desk.set("content", "both")
    eventually(lambda: desk.label == both, what="as before")


def test_the_settings_dialog(desk: Plasma, home: World, story: dict[str, Any]) -> None:
    publish(home, story)
    desk.spoken(WAITING)
    total = f"{short(story['total']['totalTokens'])} {cost_of_section(story['total'])}"

    def place_of(text: str, role: str) -> tuple[int, int, int, int] | None:
        found = [one["box"] for one in desk.texts() if (one["text"], one["role"]) == (text, role)]
        return found[0] if found else None

    desk.click(button=3)
    time.sleep(1)  # the menu is no text that a screen reader finds
    desk.keys("Down", "Return")
    chosen = eventually(lambda: place_of("Today", "combo box"), timeout_s=30, what="the dialog")
    time.sleep(1)
    desk.click(on=chosen)
    desk.keys("Down", "Return")
    eventually(lambda: place_of("Total", "combo box"), what="the other choice")
    desk.click(on=place_of("OK", "button"))
    eventually(lambda: desk.label == total, what="the other figure")
    desk.set("figure", "today")
    eventually(lambda: desk.label != total, what="as before")


def test_an_exporter_that_is_gone_is_noticed(desk: Plasma, home: World) -> None:
    publish(home, afternoon(time.time_ns() // 1_000_000))
    eventually(lambda: desk.label.endswith("?"), timeout_s=90, what="the mark")


def publish_text(home: World, content: str) -> None:
    home.put(content)
    home.stamp(digest=False)


def cpu_s(desk: Plasma) -> float:
    """Processor time of plasmashell and of the programs that it has started and that have ended."""
    fields = Path(f"/proc/{desk.shell.pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def pixels(desk: Plasma) -> list[tuple[int, int, int]]:
    """The widget's, as red, green and blue."""
    left, top, width, height = desk.box
    bitmap = desk.photograph("widget.bmp", f"{width}x{height}+{left}+{top}")
    # BITMAPFILEHEADER and BITMAPINFOHEADER; rows are filled up to four bytes.
    (begin,) = struct.unpack_from("<I", bitmap, 10)
    columns, rows, _planes, bits = struct.unpack_from("<iiHH", bitmap, 18)
    assert (columns, abs(rows), bits) == (width, height, 24)
    row_bytes = (columns * 3 + 3) // 4 * 4
    starts = (begin + row * row_bytes + column * 3 for row in range(height) for column in range(width))
    return [(bitmap[start + 2], bitmap[start + 1], bitmap[start]) for start in starts]


def orange(desk: Plasma) -> int:
    """How many pixels have Plasma's colour of attention."""
    return sum(red > 220 and 80 < green < 170 and blue < 90 for red, green, blue in pixels(desk))


def ink(desk: Plasma) -> int:
    """How light the darkest pixel is, from 0 to 765."""
    return min(map(sum, pixels(desk)))

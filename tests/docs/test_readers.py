"""The example readers, each in its language, on every sample: they all say the same, and what the file says."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

import pytest
from tests.docs.blocks import ROOT, pages
from tests.docs.included import shown_files, with_files
from tests.support.clock import NOON_MS
from tests.unit.daemon.household import until

from opencode_stats.sample.making import NO_BOOT, make_scenes
from opencode_stats.sample.scenes import SCENES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

pytestmark = pytest.mark.processes

READERS: Final = ROOT / "docs/examples/readers"
# Debian's packages are a registry on disk: the same serde_json, without the network.
DEBIAN: Final = (
    "--config=source.crates-io.replace-with='debian'",
    "--config=source.debian.directory='/usr/share/cargo/registry'",
)
FOLLOWING: Final = [(sys.executable, str(READERS / "reader.py")), ("node", str(READERS / "reader.mjs"))]
UNSEEN: Final = {
    *range(0x20),
    *range(0x7F, 0xA0),
    0x61C,
    0x200E,
    0x200F,
    *range(0x2028, 0x202F),
    *range(0x2066, 0x206A),
}


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    assert len(list(make_scenes(folder, seed=5, now_ms=NOON_MS, zone=lambda: UTC, boot=NO_BOOT))) == len(SCENES)
    return folder


@pytest.fixture(scope="module")
def rust(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("rust") / "reader"
    shutil.copytree(READERS / "rust", folder)
    env = {**os.environ, "CARGO_TARGET_DIR": str(folder / "target")}
    built = subprocess.run(
        ["cargo", "build", "--offline", "--quiet", *DEBIAN],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    return str(folder / "target/debug/opencode-stats-reader")


@pytest.fixture(params=["sh", "python", "javascript", "rust"])
def reader(request: pytest.FixtureRequest) -> tuple[str, ...]:
    if request.param == "rust":
        return (str(request.getfixturevalue("rust")),)
    commands = {"sh": ("sh", str(READERS / "reader.sh")), "python": FOLLOWING[0], "javascript": FOLLOWING[1]}
    return commands[str(request.param)]


def read(reader: Sequence[str], home: Path, **env: str) -> subprocess.CompletedProcess[str]:
    surroundings = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8", **env}
    return subprocess.run(reader, env=surroundings, capture_output=True, text=True, timeout=60, check=False)


def expected(document: dict[str, Any]) -> str:
    session = document["session"]
    cents = int(session["totalCost"] * 100 + 0.5)
    lines = [
        (
            f"{session['state']}: {session['totalTokens']} tokens (${cents // 100}.{cents % 100:02d}) this session, "
            f"{document['daily']['totalTokens']} today, {document['total']['totalTokens']} in total"
        )
    ]
    for name in sorted(session["tokensByModel"], key=lambda one: -session["tokensByModel"][one])[:3]:
        quiet = "".join("?" if ord(char) in UNSEEN else char for char in name)
        lines.append(f"  {quiet[:40]} {session['tokensByModel'][name]}")
    return "".join(f"{line}\n" for line in lines)


def test_they_say_what_every_sample_says(homes: Path, reader: tuple[str, ...]) -> None:
    for name in SCENES:
        file = homes / name / ".local/share/opencode/stats.json"
        done = read(reader, homes / name)
        assert (done.returncode, done.stderr) == (0, ""), name
        assert done.stdout == expected(json.loads(file.read_bytes())), name


def test_they_find_the_file_where_xdg_says(homes: Path, reader: tuple[str, ...]) -> None:
    there = read(reader, homes / "empty", XDG_DATA_HOME=str(homes / "working/.local/share"))

    assert there.stdout == read(reader, homes / "working").stdout != read(reader, homes / "empty").stdout


def test_they_say_that_there_is_no_file_yet(tmp_path: Path, reader: tuple[str, ...]) -> None:
    assert read(reader, tmp_path).stdout == "no figures yet\n"


def test_they_show_nothing_of_a_format_that_they_do_not_know(tmp_path: Path, reader: tuple[str, ...]) -> None:
    folder = tmp_path / ".local/share/opencode"
    folder.mkdir(parents=True)
    (folder / "stats.json").write_text('{"schemaVersion": 2, "session": {}}')

    done = read(reader, tmp_path)

    assert (done.returncode, done.stdout) == (1, "")
    assert "a format that is newer than this reader" in done.stderr


@pytest.mark.parametrize("follower", FOLLOWING, ids=["python", "javascript"])
def test_they_follow_the_file_while_it_is_replaced(homes: Path, tmp_path: Path, follower: tuple[str, str]) -> None:
    folder = tmp_path / ".local/share/opencode"
    folder.mkdir(parents=True)
    samples = [(homes / name / ".local/share/opencode/stats.json").read_bytes() for name in ("ended", "working")]
    target, output = folder / "stats.json", tmp_path / "output"
    target.write_bytes(samples[0])
    said = expected(json.loads(samples[0])), expected(json.loads(samples[1]))

    with (
        open(output, "wb") as stream,
        subprocess.Popen(
            [*follower, "--follow"], env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)}, stdout=stream
        ) as process,
    ):
        try:
            until(lambda: output.read_text("utf-8") == said[0], "the first figures")

            def changed() -> bool:
                # Again and again, because nothing tells when the reader has begun to watch.
                (tmp_path / "new").write_bytes(samples[1])
                (tmp_path / "new").replace(target)
                return output.read_text("utf-8").endswith(said[1])

            until(changed, "the new figures")
        finally:
            process.kill()


def test_the_pages_show_the_readers_as_they_are() -> None:
    for page in pages():
        text = (ROOT / page).read_text("utf-8")
        assert text == with_files(text), f"{page} shows an old file: run `make generate`"
    assert {
        f"docs/examples/readers/{name}" for name in ("reader.sh", "reader.py", "reader.mjs", "rust/src/main.rs")
    } <= set(shown_files())

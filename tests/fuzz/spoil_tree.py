"""Spoiling OpenCode's old JSON files: what is in them, what they are, what they are called, and where they lie."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Final

from tests.fuzz.spoil import Seed, spoiled

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

NAMES: Final = (
    b"\xff\xfe", b"msg_\xed\xa0\x80", b"a\x1b[2Jb", b"\n", b"msg_" + b"x" * 240, "msg_é\u202e".encode(), b" ", b"%s",
    b".", b"'; --",
)  # fmt: skip
TARGETS: Final = ("/dev/zero", "/dev/random", "/dev/full", "/nowhere", ".", "..", "/proc/self/mem", "/proc/kmsg")


def spoil(rng: Random, storage: Path) -> tuple[str, set[Path]]:
    """Spoils one to four files or folders; gives what was done, and the message files that are not as they were."""
    files = sorted(path for path in storage.rglob("*.json") if path.is_file())
    done, touched = [], set()
    for _ in range(rng.choice((1, 1, 2, 4))):
        way = rng.choice(WAYS)
        path = rng.choice(files)
        if not path.is_file() or path.is_symlink():
            continue
        touched |= way(rng, path)
        done.append(f"{way.__name__.strip('_')} {path.parent.parent.name}")
    return ", ".join(done), touched


def _content(rng: Random, path: Path) -> set[Path]:
    try:
        seed = Seed.of(path.read_bytes())
    except ValueError:
        # It was spoiled before.
        return {path}
    path.write_bytes(spoiled(rng, seed, (seed,)))
    return {path}


def _garbage(rng: Random, path: Path) -> set[Path]:
    content = rng.choice(
        (b"", b"\0" * 100, b"[" * 100_000, b"null", b"[]", b'"x"', b" " * 5_000_000, rng.randbytes(99))
    )
    path.write_bytes(content)
    return {path}


def _folder(rng: Random, path: Path) -> set[Path]:
    path.unlink()
    path.mkdir()
    return {path}


def _pipe(rng: Random, path: Path) -> set[Path]:
    path.unlink()
    os.mkfifo(path)
    return {path}


def _link(rng: Random, path: Path) -> set[Path]:
    path.unlink()
    path.symlink_to(rng.choice((*TARGETS, path.name)))
    return {path}


def _named(rng: Random, path: Path) -> set[Path]:
    """A twin of another name, inside or beside."""
    name = rng.choice(NAMES)
    if rng.random() < 0.5:
        twin = os.path.join(os.fsencode(path.parent), name + b".json")
        with open(twin, "wb") as file:
            file.write(path.read_bytes())
        return set()
    beside = os.path.join(os.fsencode(path.parent.parent), name.strip(b".") or b"x")
    if not os.path.exists(beside):
        os.mkdir(beside)
        for one in path.parent.iterdir():
            if one.is_file() and not one.is_symlink():
                shutil.copyfile(os.fsencode(one), os.path.join(beside, os.fsencode(one.name)))
    return set()


def _whole_folder(rng: Random, path: Path) -> set[Path]:
    """A file, a link or a circle where a folder was."""
    gone = set(path.parent.rglob("*.json"))
    shutil.rmtree(path.parent)
    kind = rng.randrange(4)
    if kind == 0:
        path.parent.write_bytes(b"{}")
    elif kind == 1:
        path.parent.symlink_to(rng.choice((".", "..", "/dev", "/nowhere", path.parent.name)))
    elif kind == 2:
        os.mkfifo(path.parent)
    return gone


WAYS: Final[tuple[Callable[[Random, Path], set[Path]], ...]] = (
    _content, _content, _content, _content, _garbage, _folder, _pipe, _link, _named, _whole_folder,
)  # fmt: skip

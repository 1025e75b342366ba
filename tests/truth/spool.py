"""The spool that a history leaves behind: a file a process, as the plugin writes it, with faults if wanted.

A process that ran with ``--pure`` has no file, one that was killed has one that just stops. Faults are chosen by a seed
of their own, so that one history can be delivered in many ways.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from json import JSONEncoder
from random import Random
from typing import TYPE_CHECKING, Any, Final

from tests.truth.lines_v1 import lines_v1
from tests.truth.lines_v2 import lines_v2
from tests.truth.records import Answer

if TYPE_CHECKING:
    from pathlib import Path

    from tests.truth.history import History
    from tests.truth.records import Happening

    Line = dict[str, Any]

_ENCODER: Final = JSONEncoder(separators=(",", ":"), ensure_ascii=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What goes wrong on the way. ``repeated`` and ``lost`` are chances, per line.

    ``second_copy``: the plugin is loaded twice and the copies don't know of each other. ``reordered``: lines of
    different messages and conversations change places, those of one keep their order; ``scrambled``: those too.
    The line that starts a file stays the first.
    """

    seed: int = 0
    repeated: float = 0.0
    lost: float = 0.0
    second_copy: bool = False
    reordered: bool = False
    scrambled: bool = False


NO_FAULTS: Final = Faults()


@dataclass(frozen=True, slots=True)
class Spool:
    """``files``: name → lines with their newlines. ``told``: the genuine messages whose every snapshot is in them."""

    files: dict[str, list[bytes]]
    told: frozenset[str]

    def write(self, folder: Path) -> None:
        """The files, all at once."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, lines in self.files.items():
            (folder / name).write_bytes(b"".join(lines))


def spool(past: History, faults: Faults = NO_FAULTS) -> Spool:
    """What the plugins wrote."""
    rng = Random(faults.seed)
    delivered: defaultdict[str, list[Line]] = defaultdict(list)
    untold: set[str] = set()
    for happening in past.journal:
        if happening.process.pure:
            _not_told(happening, untold)
            continue
        _deliver(delivered[happening.process.file_name], happening, faults, rng, untold)
    files = {}
    for name, lines in delivered.items():
        ordered = _reorder(lines, faults, rng)
        files[name] = [_encode(line) for line in ordered]
    return Spool(files, frozenset(answer.id for answer in past.answers) - untold)


def _deliver(lines: list[Line], happening: Happening, faults: Faults, rng: Random, untold: set[str]) -> None:
    told = lines_v1(happening) if happening.process.api == 1 else lines_v2(happening)
    for line in told:
        starts = line["type"] == "run.started"
        if faults.lost and not starts and rng.random() < faults.lost:
            _not_told(happening, untold)
            continue
        lines.append(line)
        if faults.second_copy or (faults.repeated and rng.random() < faults.repeated):
            lines.append(line | {"at_ms": line["at_ms"] + rng.randint(0, 3)})


def _not_told(happening: Happening, untold: set[str]) -> None:
    if happening.kind == "message.snapshot" and isinstance(happening.about, Answer):
        untold.add(happening.about.id)


def _reorder(lines: list[Line], faults: Faults, rng: Random) -> list[Line]:
    if not faults.reordered and not faults.scrambled:
        return lines
    first, rest = lines[:1], lines[1:]
    if faults.scrambled:
        rng.shuffle(rest)
        return first + rest
    queues: defaultdict[str, list[Line]] = defaultdict(list)
    for line in rest:
        queues[line.get("message") or line.get("conversation") or ""].append(line)
    turns = [name for name, queue in queues.items() for _ in queue]
    rng.shuffle(turns)
    heads = {name: iter(queue) for name, queue in queues.items()}
    return first + [next(heads[name]) for name in turns]


def _encode(line: Line) -> bytes:
    known = {name: value for name, value in line.items() if value is not None}
    return _ENCODER.encode({"v": 1} | known).encode() + b"\n"

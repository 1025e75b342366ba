"""Understanding the settings file. Standard library only."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from opencode_stats.errors import UserError
from opencode_stats.host.files import read_plain
from opencode_stats.settings.keys import KEYS, US_DOLLARS, Settings
from opencode_stats.settings.kinds import Unfit, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from opencode_stats.settings.positions import Place


_NO_RATE: Final = (
    "nothing says how much {} a US dollar is; set that first, as in `opencode-stats config set currency_rate 0.92`"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one key (or with the whole file: no key), on which line, as the end of a sentence."""

    key: str
    line: int | None
    reason: str

    def __str__(self) -> str:
        where = "" if self.line is None else f"line {self.line}: "
        return f"{where}{self.key}{': ' if self.key else ''}{self.reason}"


@dataclass(frozen=True, slots=True)
class Found:
    """What a text says: ``settings`` with the defaults where it says nothing, or nothing that can be.

    ``said`` is what it says of known keys, as TOML has it. Of ``unknown`` keys nothing is wrong but that they are not
    known: they may be a newer version's.
    """

    settings: Settings = field(default_factory=Settings)
    said: Mapping[str, Any] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    unknown: tuple[Fault, ...] = ()


def understand(toml: str) -> Found:
    """What the text says of the settings."""
    try:
        found = tomllib.loads(toml)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return Found(faults=(Fault("", None, f"it is not valid TOML: {error}"),))
    chosen: dict[str, Any] = {}
    unfit: list[tuple[Place, str]] = []
    for name, value in found.items():
        if name not in KEYS:
            continue
        try:
            chosen[name] = KEYS[name].kind.read(value)
        except Unfit as error:
            unfit.append(((name, *error.place), error.reason))
    if _wants_rate(chosen):
        code = chosen.pop("currency")
        if "currency_rate" not in found:
            unfit.append((("currency",), _NO_RATE.format(code)))
    strange: list[tuple[Place, str]] = [
        ((name,), f"there is no such setting.{nearest(name, [*KEYS])}") for name in found if name not in KEYS
    ]
    return Found(
        settings=Settings(**chosen),
        said={name: value for name, value in found.items() if name in KEYS},
        faults=_faults(toml, unfit),
        unknown=_faults(toml, strange),
    )


def read_settings(file: Path) -> Settings:
    """The settings; a missing file means the defaults, unknown names are left for newer versions.

    Raises:
        UserError: the file can't be read, is not TOML, or a value has the wrong type or range.
    """
    found = understand(text_of(file))
    if found.faults:
        raise UserError(sentence_of(file, found.faults))
    return found.settings


def text_of(file: Path) -> str:
    """What is in the file; nothing where there is none.

    Raises:
        UserError: it can't be read.
    """
    try:
        return read_plain(file).decode()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise UserError(f"The settings {file} can't be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UserError(f"The settings {file} are not valid TOML: they are not UTF-8.") from error


def sentence_of(file: Path, faults: tuple[Fault, ...]) -> str:
    """What is wrong with the file, in a sentence; of several faults the first, and how many more there are."""
    more = f" (and {len(faults) - 1} more; opencode-stats config show has them all)" if len(faults) > 1 else ""
    return f"The settings {file} can't be used: {faults[0]}{more}."


def _wants_rate(chosen: Mapping[str, Any]) -> bool:
    """Whether dollars would be shown under the name of another currency."""
    return chosen.get("currency", US_DOLLARS) != US_DOLLARS and "currency_rate" not in chosen


def _faults(toml: str, found: list[tuple[Place, str]]) -> tuple[Fault, ...]:
    if not found:
        return ()
    from opencode_stats.settings.positions import line_of, lines_of  # noqa: PLC0415 - only where something is wrong

    lines = lines_of(toml)
    made = [Fault(_dotted(place), line_of(lines, *place), reason) for place, reason in found]
    return tuple(sorted(made, key=lambda fault: fault.line or 0))


def _dotted(place: Place) -> str:
    """``limits[1].window``, counted from 1 as people do."""
    return "".join(f"[{one + 1}]" if isinstance(one, int) else f".{one}" for one in place).removeprefix(".")

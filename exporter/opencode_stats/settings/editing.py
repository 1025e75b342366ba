"""Changing the settings file: comments and layout stay, the file is replaced whole, and nothing wrong is written.

tomlkit is imported here alone; whoever only reads the settings does without.
"""

from __future__ import annotations

import fcntl
import json
import os
import tomllib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from opencode_stats.errors import UserError
from opencode_stats.host.files import FILES, make_folder, told
from opencode_stats.publish.atomic_file import replace_file
from opencode_stats.settings.keys import KEYS, Key
from opencode_stats.settings.kinds import Unfit, nearest
from opencode_stats.settings.reading import text_of, understand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tomlkit import TOMLDocument


def key_named(name: str) -> Key:
    """The setting of that name.

    Raises:
        UserError: there is none.
    """
    if name not in KEYS:
        raise UserError(f"There is no setting {name!r}.{nearest(name, [*KEYS])}")
    return KEYS[name]


def typed_value(key: Key, typed: str) -> object:
    """The value that was typed for a setting, as TOML has it; a text needs no quotes.

    Raises:
        UserError: the setting can't have it.
    """
    try:
        found = tomllib.loads(f"value = {typed}")
    except tomllib.TOMLDecodeError:
        found = {}
    candidates = [found["value"], typed] if found.keys() == {"value"} else [typed]
    reasons = []
    for candidate in candidates:
        try:
            key.kind.read(candidate)
        except Unfit as error:
            reasons.append(error.reason)
        else:
            return candidate
    raise UserError(f"{key.name} can't be set so: {reasons[0]}.")


def with_value(toml: str, name: str, value: object) -> str:
    """The text with this setting, everything else as it was.

    Raises:
        UserError: the text is not TOML.
    """

    def put(document: TOMLDocument) -> None:
        document[name] = value

    return edited(toml, put)


def without(toml: str, name: str) -> str:
    """The text without this setting, everything else as it was.

    Raises:
        UserError: the text is not TOML.
    """

    def remove(document: TOMLDocument) -> None:
        document.remove(name)

    return edited(toml, remove) if name in _parsed(toml) else toml


def edited(toml: str, change: Callable[[TOMLDocument], None]) -> str:
    """The text after this change of the document, proved to mean what it has to.

    Raises:
        UserError: the text is not TOML, or can't be changed in place.
    """
    document = _parsed(toml)
    change(document)
    text = document.as_string()
    try:
        same = _compared(tomllib.loads(text)) == _compared(document.unwrap())
    except tomllib.TOMLDecodeError:
        same = False
    if not same:
        raise UserError("The file is laid out in a way that can't be kept; change it in an editor: config edit.")
    return text


def _compared(values: dict[str, Any]) -> str:
    """What two equal documents have in common. A text: a nan, whose fault is told afterwards, does not equal itself."""
    return json.dumps(values, sort_keys=True, default=repr)


def toml_of(value: Any) -> str:  # noqa: ANN401 - any value of a setting
    """A value as it stands in the file, on one line."""
    if isinstance(value, dict):
        table = tomlkit.inline_table()
        table.update(value)
        return table.as_string()
    if isinstance(value, list | tuple):
        return f"[{', '.join(toml_of(one) for one in value)}]"
    text: str = tomlkit.item(value).as_string()
    return text


def tables_of(name: str, value: Any) -> str:  # noqa: ANN401 - any value of a setting
    """A setting that is a table, or a list of them, as tables of its own: ``[prices."a/b"]``, ``[[limits]]``."""
    return tomlkit.dumps({name: value})


def change_file(file: Path, change: Callable[[str], str]) -> str:
    """Replaces the file by what ``change`` makes of its text, mode 0600; gives the new text. A link is followed.

    Raises:
        UserError: the file can't be read or written, or the new text would have a fault that the old one has not.
    """
    try:
        target = Path(os.path.realpath(file))
        make_folder(target.parent)
        with _alone(target.parent):
            before = text_of(file)
            after = change(before)
            had = {fault.key for fault in understand(before).faults}
            for fault in understand(after).faults:
                if fault.key not in had:
                    raise UserError(f"That would make the settings wrong: {fault.key}: {fault.reason}.")
            if after != before:
                replace_file(FILES, target, after.encode(), target.parent)
    except OSError as error:
        raise UserError(f"The settings {file} can't be written: {told(error, file)}") from error
    return after


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two commands that change the file take turns; the lock is on the folder, and leaves nothing behind."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _parsed(toml: str) -> TOMLDocument:
    try:
        return tomlkit.parse(toml)
    except TOMLKitError as error:
        raise UserError(
            f"The settings are not valid TOML: {error}. Mend them first: opencode-stats config edit."
        ) from error

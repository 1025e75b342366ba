"""Setting and removing limits in the settings file, whose other lines stay as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import tomlkit
from tomlkit.items import AoT, Array

from opencode_stats.errors import UserError
from opencode_stats.settings.limits import OWNERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tomlkit import TOMLDocument

_INSTEAD: Final[dict[str, tuple[str, ...]]] = {
    "tokens": ("usd",),
    "usd": ("tokens",),
    **{of: tuple(o for o in OWNERS if o != of) for of in OWNERS},
}
"""What a key takes the place of."""


def with_limit(document: TOMLDocument, name: str, chosen: Mapping[str, Any], *, of_all: bool = False) -> None:
    """Changes the limit of that name in place, or appends it; ``of_all`` where nothing but everything counts any more.

    Raises:
        UserError: ``limits`` is something else, or a new limit lacks its window or its amount.
    """
    found = _limits(document)
    for table in found:
        if table.get("name") == name:
            for owner in OWNERS if of_all else ():
                table.pop(owner, None)
            for key, value in chosen.items():
                for other in _INSTEAD.get(key, ()):
                    table.pop(other, None)
                table[key] = value
            return
    if "window" not in chosen or not chosen.keys() & {"tokens", "usd"}:
        raise UserError(f"There is no limit {name!r} yet; a new one wants --window, and --tokens or --usd.")
    if isinstance(found, Array):
        inline = tomlkit.inline_table()
        inline.update({"name": name, **chosen})
        found.append(inline)
        return
    table = tomlkit.table()
    table.update({"name": name, **chosen})
    if "limits" not in document:
        document["limits"] = tomlkit.aot()
        found = _limits(document)
    found.append(table)


def without_limit(document: TOMLDocument, name: str) -> None:
    """Takes the limit of that name out.

    Raises:
        UserError: there is none.
    """
    found = _limits(document)
    for place, table in enumerate(found):
        if table.get("name") == name:
            del found[place]
            if not found:
                document.remove("limits")
            return
    raise UserError(f"There is no limit {name!r}.")


def _limits(document: TOMLDocument) -> AoT | Array:
    found = document.get("limits", tomlkit.aot())
    if not isinstance(found, AoT | Array):
        raise UserError("limits is no list of tables. Mend it first: opencode-stats config edit.")
    return found

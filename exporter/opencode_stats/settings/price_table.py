"""The setting ``prices``: what models cost, by ``provider/model``, in US dollars a million tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opencode_stats.core.cost import Price, Rate, per_token
from opencode_stats.settings.kinds import Kind, Unfit, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

_MUST: Final = ("input", "output")
_MAY: Final = ("cache_read", "cache_write")
_WANTS: Final = (
    'tables `[prices."provider/model"]` with `input`, `output`, and, if you like, `cache_read`, `cache_write`'
)


def price_table() -> Kind[Mapping[str, Price]]:
    """A table of tables."""

    def read(found: object) -> Mapping[str, Price]:
        if not isinstance(found, dict):
            raise Unfit(f"it is {shown(found)}, and wants {_WANTS}")
        return {name: _price(name, table) for name, table in found.items()}

    return Kind(_WANTS, read)


def _price(name: str, table: object) -> Price:
    provider, _, model = name.partition("/")
    if not provider or not model:
        raise Unfit("it is no model: write the provider, a slash and the model, in quotation marks", name)
    if not isinstance(table, dict):
        raise Unfit(f"it is {shown(table)}, and wants a table with input and output", name)
    for key in _MUST:
        if key not in table:
            raise Unfit(f"it has no {key}, a price in US dollars a million tokens", name)
    for key in table:
        if key not in (*_MUST, *_MAY):
            raise Unfit(f"a price has only {', '.join((*_MUST, *_MAY))}", name, key)
    return Price(Rate(*(_number(table.get(key, 0), name, key) for key in (*_MUST, *_MAY))))


def _number(price: object, *place: str) -> int:
    try:
        return per_token(price)
    except ValueError as error:
        raise Unfit(f"it is {shown(price)}, and wants US dollars a million tokens, 0 or more", *place) from error

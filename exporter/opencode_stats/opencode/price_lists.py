"""Price lists: those that come with the program, and the one that OpenCode keeps in its cache. Read-only.

``prices.json`` is made by ``make prices``. OpenCode fetches models.dev itself, when it may, and keeps what it got in
``$XDG_CACHE_HOME/opencode/models.json`` (1.18.33); a list there that is newer than ours comes before it.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from functools import partial
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from opencode_stats.core.cost import LONG_CONTEXT_TOKENS, PLANS, Price, Quote, Rate, per_token, price_named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from opencode_stats.core.cost import Source
    from opencode_stats.core.totals import ModelId

LARGEST_BYTES: Final = 64 * 1024 * 1024
"""models.dev has 5 MB; a larger file is none of OpenCode's."""
_UNFIT: Final = (ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What comes of JSON that is not a price list."""
_KINDS: Final = ("input", "output", "cache_read", "cache_write")

Found = dict["ModelId", Quote]


class PriceLists:
    """Answers what models cost, and remembers of the lists only what it was asked.

    ``trouble`` is why OpenCode's list could not be used, as a sentence, or empty.
    """

    def __init__(self, cached: Path | None, bundled: Callable[[], bytes] | None = None) -> None:
        self._cached = cached
        self._bundled = _packaged if bundled is None else bundled
        self._seen: tuple[int, ...] | None = None
        self._known: dict[ModelId, Quote | None] = {}
        self.trouble = ""

    def quotes(self, models: Iterable[ModelId], own: Mapping[str, Price] | None = None) -> Found:
        """The prices of these models, as far as they are known; ``own`` are the user's, by ``provider/model``."""
        asked = set(models)
        if not asked:
            return {}
        state = _state(self._cached)
        if state != self._seen:
            self._seen, self._known = state, {}
        if unknown := asked - self._known.keys():
            self._known |= dict.fromkeys(unknown)
            self._known |= self._look_up(unknown)
        found = {model: quote for model in asked if (quote := self._known[model]) is not None}
        return found | {
            model: Quote(price, "override") for model in asked if (price := price_named(model, own or {})) is not None
        }

    def _look_up(self, models: set[ModelId]) -> Found:
        wanted = models | {(PLANS[provider], name) for provider, name in models if provider in PLANS}
        lists: list[Found] = []
        dates: list[str] = []
        for one in json.loads(self._bundled()):
            source: Source = one["list"]
            found = _of_bundled(one["providers"], wanted)
            lists.append({model: Quote(price, source, one["date"]) for model, price in found.items()})
            dates.append(one["date"])
        lists.insert(0, self._newer(wanted, dates[0]))
        return {model: quote for model in models if (quote := _best(model, lists)) is not None}

    def _newer(self, wanted: set[ModelId], than: str) -> Found:
        """What OpenCode's own list says, where there is one that is newer."""
        self.trouble = ""
        if self._cached is None or not self._seen:
            return {}
        date = datetime.fromtimestamp(self._seen[-1] // 1_000_000_000, UTC).date().isoformat()
        if date <= than:
            return {}
        try:
            if self._seen[2] > LARGEST_BYTES:
                raise ValueError("it is too large")
            return {model: Quote(price, "cached", date) for model, price in _of_cached(self._cached, wanted).items()}
        except OSError as error:
            self.trouble = f"OpenCode's price list {self._cached} can't be read: {error.strerror}."
        except _UNFIT as error:
            self.trouble = f"OpenCode's price list {self._cached} makes no sense: {str(error)[:80]}."
        return {}


def _best(model: ModelId, lists: list[Found]) -> Quote | None:
    """The first list that has the model; of a subscription's, at zero, what its seller takes by the token."""
    said = next((found[model] for found in lists if model in found), None)
    provider, name = model
    if provider in PLANS and (said is None or said.price.is_free):
        sold = next((found[PLANS[provider], name] for found in lists if (PLANS[provider], name) in found), None)
        if sold is not None and not sold.price.is_free:
            return Quote(sold.price, sold.source, sold.date, PLANS[provider])
    return said


def _packaged() -> bytes:
    return resources.files(__package__ or "opencode_stats.opencode").joinpath("prices.json").read_bytes()


def _state(file: Path | None) -> tuple[int, ...]:
    """What changes with the file, its time of change last; empty where there is none."""
    if file is None:
        return ()
    try:
        found = os.stat(file)
    except OSError:
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _of_bundled(providers: Mapping[str, Mapping[str, list[Any]]], wanted: set[ModelId]) -> dict[ModelId, Price]:
    found: dict[ModelId, Price] = {}
    for provider, name in wanted:
        row = providers.get(provider or "", {}).get(name or "")
        if row is not None:
            numbers = [one for one in row if not isinstance(one, list)]
            steps = tuple((size, _rate(*rate)) for size, *rate in row[len(numbers) :])
            found[provider, name] = Price(_rate(*numbers), steps)
    return found


def _rate(*usd_per_million: object) -> Rate:
    return Rate(*map(per_token, usd_per_million))


def _of_cached(file: Path, wanted: set[ModelId]) -> dict[ModelId, Price]:
    """Provider by provider, so that never more than one of them is in memory besides the text.

    Raises:
        OSError: it can't be read.
        ValueError, TypeError, KeyError, AttributeError, RecursionError: it is no such list.
    """
    text = file.read_bytes().decode()
    providers = {provider for provider, _ in wanted}
    found: dict[ModelId, Price] = {}
    skip_space = partial(_after_space, text)
    decode = json.JSONDecoder().raw_decode
    place = skip_space(0)
    if text[place : place + 1] != "{":
        raise ValueError("it is no object")
    place = skip_space(place + 1)
    while text[place : place + 1] != "}":
        provider, place = decode(text, place)
        place = skip_space(place)
        if text[place : place + 1] != ":" or not isinstance(provider, str):
            raise ValueError("it is no object of providers")
        one, place = decode(text, skip_space(place + 1))
        if provider in providers:
            for name in [name for other, name in wanted if other == provider and name in one["models"]]:
                cost = one["models"][name].get("cost")
                if cost is not None:
                    found[provider, name] = _price(cost)
        place = skip_space(place)
        if text[place : place + 1] == ",":
            place = skip_space(place + 1)
    if skip_space(place + 1) != len(text):
        raise ValueError("something follows it")
    return found


def _after_space(text: str, place: int) -> int:
    while text[place : place + 1] in (" ", "\t", "\r", "\n"):
        place += 1
    return place


def _price(cost: dict[str, Any]) -> Price:
    """A price as models.dev writes it."""
    steps = {one["tier"]["size"]: one for one in cost.get("tiers", ()) if one["tier"]["type"] == "context"}
    if "context_over_200k" in cost and not any(size <= LONG_CONTEXT_TOKENS for size in steps):
        steps[LONG_CONTEXT_TOKENS] = cost["context_over_200k"]
    if not all(isinstance(size, int) and size > 0 for size in steps):
        raise ValueError("a step has no size")
    return Price(_of(cost), tuple((size, _of(steps[size])) for size in sorted(steps)))


def _of(cost: dict[str, Any]) -> Rate:
    return _rate(*(cost.get(kind) or 0 for kind in _KINDS))

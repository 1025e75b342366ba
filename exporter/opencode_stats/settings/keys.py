"""Everything that the user may choose: one field a setting. Page, template, checks and commands are made from these.

A new setting is one field here, and ``make generate`` for docs/settings.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final, TypeVar

from opencode_stats.core.keeping import LEAST_DAYS, MOST_DAYS
from opencode_stats.core.notices import KINDS
from opencode_stats.settings.kinds import Kind, days, flag, number, some_of, text, texts, whole
from opencode_stats.settings.limits import limits as of_limits
from opencode_stats.settings.price_table import price_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opencode_stats.core.cost import Price
    from opencode_stats.core.limits import Limit

T = TypeVar("T")
US_DOLLARS: Final = "USD"
_WEEK_MINUTES: Final = 7 * 24 * 60
_LARGEST_SAFE: Final = 2**53 - 1
"""The largest whole number that every reader of JSON keeps."""


def _key(default: T, kind: Kind[T], says: str) -> T:
    """A setting: what it is where the file says nothing, what it can be, and what it does, in whole sentences."""
    metadata = {"kind": kind, "says": says}
    if type(default).__hash__ is None:
        return field(default_factory=lambda: default, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the user has chosen, or the defaults. Units are in the names."""

    autostart: bool = _key(
        False,  # noqa: FBT003 - a default, whose name stands before it
        flag(),
        "OpenCode's plugin starts the exporter. For where no service manager does; `setup` sets it there.",
    )
    linger_s: int = _key(
        600,
        whole(0, _LARGEST_SAFE),
        "How long an exporter that the plugin started stays after the last OpenCode has gone, in seconds. "
        "`opencode-stats setup` hands it to the plugin, so run that after a change.",
    )
    day_start_hour: int = _key(
        0, whole(0, 23), "The local hour at which a day begins; weeks and months begin at that hour, too."
    )
    inactive_after_minutes: int = _key(
        15,
        whole(0, _WEEK_MINUTES),
        "How long a run may be silent before that asks for attention, in minutes; 0 for as long as it likes.",
    )
    keep_days: int = _key(
        0,
        days(LEAST_DAYS, MOST_DAYS),
        "How many days it is kept which workspace, agent and conversation used what; 0 for ever. What is older is "
        "forgotten for good, but for its sums ([history.md](history.md#keeping-less)).",
    )
    workspace_stats: bool = _key(
        False,  # noqa: FBT003 - a default, whose name stands before it
        flag(),
        "One more file for each workspace, in `~/.local/share/opencode-stats/workspaces/`: what was used there today "
        "and in all ([stats-json.md](stats-json.md#a-file-for-each-workspace)).",
    )
    prices: Mapping[str, Price] = _key(
        {},
        price_table(),
        "Prices of your own, for models that OpenCode records no cost of: see [cost.md](cost.md).",
    )
    currency: str = _key(
        US_DOLLARS,
        text("[A-Z]{3}", "three capital letters, as in `EUR`"),
        "The currency in which costs are shown to people, in commands, status bars and the panel; what is for programs "
        "has US dollars. Set `currency_rate` first.",
    )
    currency_rate: float = _key(
        1.0,
        number(1e-6, 1e9),
        "How much of that currency a US dollar is. You set it; nothing is looked up. Of US dollars it changes nothing.",
    )
    limits: tuple[Limit, ...] = _key(
        (),
        of_limits(),
        "How much may be used in a window of time; `opencode-stats limits set` writes them.",
    )
    notify: bool = _key(
        True,  # noqa: FBT003 - a default, whose name stands before it
        flag(),
        "Notifications on the desktop ([notifications.md](notifications.md)). Where the GNOME panel is, it shows them.",
    )
    notify_kinds: tuple[str, ...] = _key(
        KINDS, some_of(KINDS), "Of what to tell, on the desktop and to the command in `on_attention`."
    )
    notify_minimum_turn_s: int = _key(
        10, whole(0, 3600), "For how many seconds OpenCode must have worked for `finished` to be told."
    )
    notify_sound: bool = _key(
        False,  # noqa: FBT003 - a default, whose name stands before it
        flag(),
        "Whether notifications on the desktop play a sound.",
    )
    on_attention: tuple[str, ...] = _key(
        (),
        texts('a list of texts, as in `["notify-my-phone", "--quiet"]`'),
        "A program and its arguments, run without a shell for each thing that the user is told of.",
    )
    on_open: tuple[str, ...] = _key(
        (),
        texts('a list of texts, as in `["show-terminal"]`'),
        "A program and its arguments, run without a shell when a notification on the desktop is clicked.",
    )
    dbus: bool = _key(
        False,  # noqa: FBT003 - a default, whose name stands before it
        flag(),
        "The figures on the session's D-Bus ([dbus.md](dbus.md)), by a process of its own.",
    )

    @property
    def per_usd(self) -> float:
        """How much of the currency a US dollar is; a dollar is a dollar, whatever rate is set."""
        return 1.0 if self.currency == US_DOLLARS else self.currency_rate


@dataclass(frozen=True, slots=True)
class Key:
    """One setting: its name, its default, what it can be, and what it does, in Markdown."""

    name: str
    default: Any
    kind: Kind[Any]
    says: str


KEYS: Final[dict[str, Key]] = {
    one.name: Key(one.name, getattr(Settings(), one.name), one.metadata["kind"], one.metadata["says"])
    for one in fields(Settings)
}
"""By name, in the order in which they are documented."""

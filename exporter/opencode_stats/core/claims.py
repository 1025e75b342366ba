"""What the audit compares: what is on disk, what is in the ledger, and what is left of what is forgotten there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from opencode_stats.core.amounts import NOTHING, Amounts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from opencode_stats.core.usage import Standing, State

Engine = Literal["v1", "embedded", "v2"]
Maker = Literal["v1", "v2", "migrated"]


@dataclass(frozen=True, slots=True)
class Claim:
    """One message on disk: its figures as they stand there, by which engine, and what speaks against counting it."""

    conversation: str
    amounts: Amounts
    engine: Engine = "v1"
    sound: bool = True
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class SessionRow:
    """OpenCode's own total of one conversation, and which OpenCode made the row: ``migrated`` is 1.x's, kept by 2.x."""

    amounts: Amounts
    maker: Maker
    sound: bool = True


@dataclass(frozen=True, slots=True)
class Claims:
    """What is on disk: messages and conversations by id, and the ids of the messages in JSON files.

    ``sessions`` is None where a database keeps no totals (OpenCode before 1.2).
    """

    messages: Mapping[str, Claim]
    sessions: Mapping[str, SessionRow] | None
    known_sessions: frozenset[str]
    legacy: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class OwnRow:
    """One row of the ledger; ``amounts`` is None where they are unknown, ``deleted`` where OpenCode said so."""

    message: str
    conversation: str
    standing: Standing
    state: State
    amounts: Amounts | None
    priced: bool
    live: bool
    api: int
    auxiliary: bool
    deleted: bool


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What is forgotten: of each conversation what is counted, by the engine that used it, and of which messages.

    ``of`` gives for a message's id what it was (``counted``, ``copy``, ``unknown``) and its engine, or None.
    """

    conversations: Iterable[tuple[str, int, Amounts, int]] = ()
    of: Callable[[str], tuple[str, int] | None] = lambda _: None
    unpriced: tuple[Amounts, int] = (NOTHING, 0)

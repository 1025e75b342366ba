"""Ours beside what OpenCode's own database says, and every token of difference by its cause.

Three figures are compared: *ours*; the sum of OpenCode's own totals of its conversations (*session rows*, which
``opencode stats`` shows); and the *naive* sum of every message that is on disk, which other tools show.

Per message, from the naive sum to ours:

=================  =====  =========================================================================================
cause              sign   the message
=================  =====  =========================================================================================
forks              minus  was copied by a fork
undecided          minus  may be a copy; that is not known yet
elsewhere          minus  came with ``opencode import`` from somebody else (``core.elsewhere``)
unsound            minus  has figures that OpenCode never writes, so it is not taken in
deleted            plus   is gone with its conversation
reverted           plus   is gone, its conversation is there
live_only          plus   was told live, and no database here has known its conversation
legacy_storage     plus   is in OpenCode's JSON files from before version 1.2, and in no database
forgotten          plus   is gone, and so is what is known of it besides the sum (``ledger.forgetting``)
auxiliary          plus   is none: what OpenCode 2.x charged besides its messages (titles)
rounding           both   is none: costs are micro-dollars here, rounded once for each message, and floats there
=================  =====  =========================================================================================

From the session rows to ours the same causes hold in 1.x, with one more: ``embedded``, what the 2.x engine inside of
1.17 and 1.18 did, which no session row has. A session row of 2.x already has what was reverted and what is auxiliary,
and no fork's copies; only where 1.x made the conversation do copies and what was reverted before the migration differ.
A session row with figures that make no sense is ``unsound`` by all that it is off.

Each of the five token kinds and the cost is compared by itself: too much of one is not set off against another. What
no cause explains is ``unexplained``; it is never folded into another, nor is what is too much in one conversation set
off against what is too little in another: ``at_odds`` is the number of conversations that have any.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from opencode_stats.core.amounts import NOTHING, Amounts
from opencode_stats.core.claims import Claim, Claims, Forgotten, OwnRow, SessionRow

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping


Cause = Literal[
    "forks", "undecided", "elsewhere", "unsound", "deleted", "reverted", "live_only", "legacy_storage", "auxiliary",
    "embedded", "rounding", "forgotten",
]  # fmt: skip


@dataclass(slots=True)
class Share:
    """Figures, and the messages that they are of."""

    amounts: Amounts = NOTHING
    messages: int = 0

    @property
    def tokens(self) -> int:
        """All kinds together."""
        return self.amounts.tokens

    def add(self, amounts: Amounts) -> None:
        """One more message."""
        self.amounts += amounts
        self.messages += 1


@dataclass(slots=True)
class Comparison:
    """From another figure to ours: what each cause adds (or takes away), and what is left over."""

    figure: Amounts
    causes: dict[Cause, Share] = field(default_factory=dict)
    unexplained: Amounts = NOTHING
    at_odds: int = 0


@dataclass(slots=True)
class Audit:
    """The whole: ``session_rows`` is None where OpenCode keeps no totals.

    ``unknown``: requests whose tokens nobody knows, by how they ended; ``imported_only``: counted because OpenCode's
    database told of it, and no event; ``unpriced``: counted tokens without a cost; ``copies`` and ``undecided``: what
    the ledger holds and does not count, or not yet, also of what is in no database any more or in no one ever was;
    ``forgotten``: what of ours is known by its sum alone.
    """

    ours: Share
    naive: Comparison
    session_rows: Comparison | None
    unknown: dict[str, int]
    imported_only: Share
    told_live: Share
    unpriced: Share
    copies: Share = field(default_factory=Share)
    undecided: Share = field(default_factory=Share)
    forgotten: Share = field(default_factory=Share)


@dataclass(slots=True)
class _Tally:
    """One conversation: our rows and their sum, and the causes with their signs."""

    rows: int = 0
    ours: Amounts = NOTHING
    causes: list[tuple[Cause, Amounts]] = field(default_factory=list)
    of_1x: list[tuple[Cause, Amounts]] = field(default_factory=list)


def audit(own: Iterable[OwnRow], claims: Claims, forgotten: Forgotten | None = None) -> Audit:
    """Compares ledger and disk, message by message and conversation by conversation."""
    forgotten = Forgotten() if forgotten is None else forgotten
    result = Audit(Share(), Comparison(NOTHING), None, {}, Share(), Share(), Share())
    tallies: dict[str, _Tally] = {}
    seen: set[str] = set()
    for row in own:
        claim = claims.messages.get(row.message)
        seen.add(row.message)
        tally = tallies.setdefault(row.conversation, _Tally())
        _note(result, row)
        counted = row.amounts or NOTHING if row.standing == "counted" else NOTHING
        tally.rows += 1
        tally.ours += counted
        for cause, amounts in _causes(row, claim, counted, claims):
            tally.causes.append((cause, amounts))
            if row.api == 1 and cause in ("forks", "elsewhere", "undecided", "reverted"):
                tally.of_1x.append((cause, amounts))
        if claim is not None and claim.engine == "embedded" and counted:
            tally.of_1x.append(("embedded", counted))
    there: dict[tuple[str, int], Share] = {}
    for message, claim in claims.messages.items():
        if message in seen:
            continue
        known = forgotten.of(message)
        if known is not None:
            _note_forgotten(result, tallies.setdefault(claim.conversation, _Tally()), claim, known, there)
        elif claim.amounts and not claim.sound:
            tallies.setdefault(claim.conversation, _Tally()).causes.append(("unsound", -claim.amounts))
    _add_forgotten(result, tallies, forgotten, there)
    result.naive = _naive(tallies, claims)
    result.session_rows = None if claims.sessions is None else _session_rows(tallies, claims.sessions)
    return result


def _note_forgotten(
    result: Audit, tally: _Tally, claim: Claim, known: tuple[str, int], there: dict[tuple[str, int], Share]
) -> None:
    """One message on disk that is forgotten here: whether its figures are in ours is all that is known."""
    what, api = known
    if what == "copy" and claim.amounts:
        cause: Cause = "elsewhere" if claim.elsewhere else "forks"
        tally.causes.append((cause, -claim.amounts))
        if api == 1:
            tally.of_1x.append((cause, -claim.amounts))
        result.copies.add(claim.amounts)
    elif what == "counted":
        there.setdefault((claim.conversation, api), Share()).add(claim.amounts)
        if claim.engine == "embedded":
            tally.of_1x.append(("embedded", claim.amounts))


def _add_forgotten(
    result: Audit, tallies: dict[str, _Tally], forgotten: Forgotten, there: Mapping[tuple[str, int], Share]
) -> None:
    for conversation, api, amounts, messages in forgotten.conversations:
        tally = tallies.setdefault(conversation, _Tally())
        tally.rows += messages
        tally.ours += amounts
        for share in (result.ours, result.forgotten):
            share.amounts += amounts
            share.messages += messages
        on_disk = there.get((conversation, api), Share())
        # Where all of them are on disk, what is not the same there is explained by nothing.
        if on_disk.messages < messages:
            gone = amounts - on_disk.amounts
            tally.causes.append(("forgotten", gone))
            if api == 1:
                tally.of_1x.append(("forgotten", gone))
    amounts, messages = forgotten.unpriced
    result.unpriced.amounts += amounts
    result.unpriced.messages += messages


def _causes(row: OwnRow, claim: Claim | None, counted: Amounts, claims: Claims) -> Iterator[tuple[Cause, Amounts]]:
    if claim is not None:
        if row.standing != "counted" and claim.amounts:
            cause: Cause = "elsewhere" if claim.elsewhere else "forks"
            yield (cause if row.standing == "copy" else "undecided"), -claim.amounts
    elif counted:
        yield _where_it_went(row, claims), counted


def _where_it_went(row: OwnRow, claims: Claims) -> Cause:
    """Why a counted message is not in any database."""
    if row.auxiliary:
        return "auxiliary"
    if row.message in claims.legacy:
        return "legacy_storage"
    if row.conversation in claims.known_sessions:
        return "reverted"
    return "live_only" if row.live and not row.deleted else "deleted"


def _note(result: Audit, row: OwnRow) -> None:
    if row.standing != "counted":
        (result.copies if row.standing == "copy" else result.undecided).add(row.amounts or NOTHING)
        return
    if row.amounts is None:
        result.unknown[row.state] = result.unknown.get(row.state, 0) + 1
        return
    result.ours.add(row.amounts)
    (result.told_live if row.live else result.imported_only).add(row.amounts)
    if not row.priced and row.amounts.tokens:
        result.unpriced.add(row.amounts)


def _naive(tallies: Mapping[str, _Tally], claims: Claims) -> Comparison:
    figures: dict[str, Amounts] = {}
    for claim in claims.messages.values():
        figures[claim.conversation] = figures.get(claim.conversation, NOTHING) + claim.amounts
    return _compare(tallies, figures, lambda _, tally: tally.causes)


def _session_rows(tallies: Mapping[str, _Tally], sessions: Mapping[str, SessionRow]) -> Comparison:
    def causes(conversation: str, tally: _Tally) -> list[tuple[Cause, Amounts]]:
        maker = sessions[conversation].maker if conversation in sessions else "v1"
        if maker == "v1":
            return tally.causes + [entry for entry in tally.of_1x if entry[0] == "embedded"]
        return tally.of_1x if maker == "migrated" else []

    unsound = {name for name, session in sessions.items() if not session.sound}
    return _compare(tallies, {name: session.amounts for name, session in sessions.items()}, causes, unsound)


def _compare(
    tallies: Mapping[str, _Tally],
    figures: Mapping[str, Amounts],
    causes: Callable[[str, _Tally], list[tuple[Cause, Amounts]]],
    unsound: Container[str] = (),
) -> Comparison:
    """Conversation by conversation: what is ours less what is theirs, and less what the causes make of it."""
    found = Comparison(sum(figures.values(), NOTHING))
    for conversation in sorted(tallies.keys() | figures.keys()):
        tally = tallies.get(conversation, _Tally())
        left = tally.ours - figures.get(conversation, NOTHING)
        for cause, amounts in causes(conversation, tally):
            found.causes.setdefault(cause, Share()).add(amounts)
            left -= amounts
        # Each rounding is half a micro-dollar at most; the other side's sum has one of its own.
        rounded = left.of_cost_alone and abs(left.cost_microusd) <= tally.rows // 2 + 1
        if left and (rounded or conversation in unsound):
            share = found.causes.setdefault("rounding" if rounded else "unsound", Share())
            share.amounts += left
            share.messages += not rounded
            left = NOTHING
        found.unexplained += left
        found.at_odds += bool(left)
    return found

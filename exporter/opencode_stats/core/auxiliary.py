"""What OpenCode 2.x charged to a conversation besides its messages: titles, and the compactions of older versions.

2.x keeps a running total of each conversation. The *residual* is what of it is in no message:
``max(0, running total - all that the total already contains)``, for each token kind and for the cost.

========================================================  =====================  ===============================
a message in the ledger                                   is usage               is in the running total
========================================================  =====================  ===============================
2.x's own step, failed ones with usage included           yes                    yes
one that was reverted or deleted since                    yes                    yes: totals never shrink
a compaction's row with tokens                            yes                    yes
a copy in a fork that 2.x made                            no                     no: a fork starts at zero
1.x's, in a conversation that 2.x took over               yes                    yes
a fork's copy that 1.x made, in such a conversation       no                     yes: the migration added it up
1.x's compaction, which 2.x's tables don't have           yes                    yes
1.x's, undone by both engines after the migration         yes                    yes
1.x's, undone before the migration                        yes                    no: it was not there any more
what 1.x went on with after the migration                 yes                    no
========================================================  =====================  ===============================

Of the rows from 1.x all but the last are one figure together, what the total *began with*: every assistant message,
copies too, that 1.x's tables held of the conversation when 2.x migrated it. It is bounded twice:

1. by the least total that was ever told, which has it in it. The plugin asks for the total when it first hears of a
   conversation in 2.x, before anything is charged to it: then the least total is what it began with, to the token.
2. by what is known of 1.x's messages from before the migration, whatever of them is still on disk, and whenever it
   becomes known. Where nobody heard of the conversation in 2.x, this is exact, unless something was undone before.

   In a fork that 1.x made and wrote to again it says nothing: what was undone there may have been copies, and those
   that nobody knows of are no usage. There the first bound is the only one.

The smaller of the two is taken for it, kind by kind. That is too much only where the plugin came late to a conversation
in 2.x and had seen in 1.x what was undone there: which of that was migrated nobody can say then. So the residual may be
too small, by at most that, and is never too large. Before OpenCode's database was looked at, there is the first bound
alone.

So a message that was missed is in the residual first; when it is found, the residual shrinks by as much. Their sum,
the larger of total and contained, never falls. The cost's residual counts only beside one of tokens: each message's
cost is rounded to micro-dollars, and those roundings alone are no request.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from opencode_stats.core.tokens import NO_TOKENS, Tokens

PREFIX: Final = "auxiliary:"
"""Before the conversation's id it is the id of the row that holds its residual."""
FORKED: Final = 3
"""``takeover`` of a fork that 1.x made and may have undone copies in since 2.x took it over."""
_KINDS: Final = Tokens.__slots__


@dataclass(frozen=True, slots=True)
class Charge:
    """Tokens of five kinds and their cost in micro-dollars."""

    tokens: Tokens = NO_TOKENS
    cost_microusd: int = 0

    def __add__(self, other: Charge) -> Charge:
        return Charge(self.tokens + other.tokens, self.cost_microusd + other.cost_microusd)

    def at_most(self, other: Charge) -> Charge:
        """The smaller of the two, kind by kind."""
        kinds = (min(getattr(self.tokens, kind), getattr(other.tokens, kind)) for kind in _KINDS)
        return Charge(Tokens(*kinds), min(self.cost_microusd, other.cost_microusd))


def residual(total: Charge, contained: Charge) -> Charge | None:
    """What of the running total is in no message; None where nothing is."""
    tokens = Tokens(*(max(0, getattr(total.tokens, kind) - getattr(contained.tokens, kind)) for kind in _KINDS))
    if tokens == NO_TOKENS:
        return None
    return Charge(tokens, max(0, total.cost_microusd - contained.cost_microusd))


def began_with(
    least: Charge, takeover: int | None, held: Charge, fork_of: str | None, host_version: str | None
) -> Charge:
    """What of a conversation's running total 2.x found there when it began with it; at most that.

    ``least`` is the least total that was told; ``takeover`` is what is known of who made the conversation (0: 2.x, else
    1.x, ``FORKED`` as above; None: nothing); ``held`` is what is known of 1.x's messages from before, where
    ``takeover`` says that it was 1.x. Live events can tell that 2.x made it: only 2.x names a fork's source, and a
    conversation's version is that of the OpenCode that made it.
    """
    if takeover is None:
        made_by_2x = fork_of is not None or (host_version is not None and not host_version.startswith(("0.", "1.")))
        return Charge() if made_by_2x else least
    if takeover == FORKED:
        return least
    return Charge() if takeover == 0 else held.at_most(least)

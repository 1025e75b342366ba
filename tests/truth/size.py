"""How large a history is, and how much of each kind of trouble is in it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Final, Literal

Era = Literal["v1", "v2", "migrated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chances:
    """How likely each thing is: per request, per turn, or per act, as the comment says."""

    # per request to a model
    sub_agent: float = 0.12
    retry: float = 0.04
    abort: float = 0.04
    failure: float = 0.04
    given_up: float = 0.02  # aborted while it waited to try again
    cut: float = 0.03  # the stream ended without its usage
    kill: float = 0.015
    half: float = 0.01  # killed between the tokens and the end
    step_inside: float = 0.004  # the clock is stepped while the model answers
    stall: float = 0.0  # the process waits after it has made the id, before it looks at the clock
    # per turn
    wrapper: float = 0.05
    new_conversation: float = 0.3
    midnight: float = 0.06
    long_pause: float = 0.15
    overlap: float = 0.15  # the next turn, in another process, runs at the same time
    # per act: something else than a turn
    fork: float = 0.07
    compaction: float = 0.06
    revert: float = 0.06
    removal: float = 0.03
    deletion: float = 0.04
    archive: float = 0.03
    clock_step: float = 0.02
    end: float = 0.05  # a process ends
    # per process
    pure: float = 0.15
    # per conversation
    unmigrated: float = 0.05  # the migration leaves it out
    late_v1: float = 0.2  # per turn after a migration: an OpenCode 1.x is used again
    late_v1_in_migrated: float = 0.0  # that one goes on in a conversation that 2.x has taken over

    @classmethod
    def calm(cls, **some: float) -> Chances:
        """Nothing unusual at all, but what is named."""
        return cls(**{**{one.name: 0.0 for one in fields(cls)}, "new_conversation": 0.3, **some})

    @classmethod
    def lively(cls, **some: float) -> Chances:
        """So much trouble that a history of a dozen messages has some of it."""
        trouble = {
            "sub_agent": 0.25, "abort": 0.08, "failure": 0.08, "cut": 0.06, "kill": 0.05, "half": 0.05, "fork": 0.25,
            "compaction": 0.15, "revert": 0.2, "removal": 0.1, "deletion": 0.12, "archive": 0.05, "clock_step": 0.08,
            "overlap": 0.3, "midnight": 0.2, "pure": 0.25, "unmigrated": 0.15, "late_v1": 0.3, "end": 0.15,
            "stall": 0.1,
        }  # fmt: skip
        return cls(**{**trouble, **some})


USUAL: Final = Chances()


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """``messages``: at least so many genuine assistant messages (the last turn is finished).

    ``processes``: at most so many OpenCode processes at a time. ``migrates_after``: in the era ``migrated``, 2.x takes
    over when there are so many messages.
    """

    messages: int = 40
    era: Era = "v1"
    processes: int = 2
    migrates_after: int = 15
    chances: Chances = USUAL

    def of(self, messages: int) -> Size:
        """The same history at another moment of it."""
        return replace(self, messages=messages)

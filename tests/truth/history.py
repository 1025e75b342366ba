"""A history from a seed: what happened in OpenCode, one act after another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tests.truth.acts import archive, commit_revert, delete, fork, migrate, remove_one, stage_revert
from tests.truth.size import Size
from tests.truth.turns import CLOCK_STEPS_MS, compact, take_turn
from tests.truth.world import DAY_MS, HOUR_MS, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.vendor.pretty import RepresentationPrinter
    from tests.truth.records import Answer, Api, Conversation, Happening, Process

RECENT: Final = 8
"""A user goes back to one of the last so many conversations."""
LONGEST: Final = 400
"""Entries in a conversation, beyond which a user starts another."""
USUAL_SIZE: Final = Size()


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """All that happened, and who saw it.

    ``answers`` are the genuine assistant messages, in order; copies stand in their conversations only. ``journal`` is
    what happened in the order in which it did; its times may go back (clock steps, processes at the same time).
    ``migrated_at`` is where in it 2.x took over (0: never).
    """

    seed: int
    size: Size
    processes: list[Process]
    conversations: list[Conversation]
    answers: list[Answer]
    journal: list[Happening]
    migrated_ms: int | None
    migrated_at: int

    def __repr__(self) -> str:
        return f"history({self.seed}, {self.size})"

    def _repr_pretty_(self, printer: RepresentationPrinter, cycle: bool) -> None:
        """Hypothesis prints a dataclass by its fields, and these are a megabyte."""
        printer.text(repr(self))


def history(seed: int, size: Size = USUAL_SIZE) -> History:
    """The history of that seed. One with more messages begins with all that one with fewer has."""
    world = World(seed, size)
    while len(world.answers) < size.messages:
        if size.era == "migrated" and world.api == 1 and len(world.answers) >= size.migrates_after:
            migrate(world)
        _act(world)
    return History(
        seed, size, world.processes, world.conversations, world.answers, world.journal,
        world.migrated_ms, world.migrated_at,
    )  # fmt: skip


def _act(world: World) -> None:
    chances = world.chances
    api: Api = world.api
    if world.migrated_ms is not None and world.happens(chances.late_v1):
        api = 1
    process = _process(world, api)
    conversation = _recent(world, process)
    if conversation is not None:
        for act, chance in _acts(world):
            if world.happens(chance):
                act(world, process, conversation)
                return
    _pause(world, process)
    if conversation is None or world.happens(chances.new_conversation):
        conversation = world.converse(process, world.rng.choice(process.places))
    if world.happens(chances.clock_step):
        world.now_ms += world.rng.choice(CLOCK_STEPS_MS)
    commit_revert(world, process, conversation)
    take_turn(world, process, conversation)
    if process.ending == "running" and world.happens(chances.end):
        world.end(process, killed=False)


def _acts(world: World) -> list[tuple[Callable[[World, Process, Conversation], None], float]]:
    chances = world.chances
    return [
        (_fork, chances.fork),
        (compact, chances.compaction),
        (stage_revert, chances.revert),
        (remove_one, chances.removal),
        (archive, chances.archive),
        (delete, chances.deletion),
    ]


def _fork(world: World, process: Process, source: Conversation) -> None:
    """Sometimes two processes fork the same conversation at the same moment."""
    at_ms = world.now_ms
    fork(world, process, source)
    for other in world.running(process.api):
        if other is not process and world.happens(world.chances.overlap):
            world.now_ms = at_ms
            fork(world, other, source)


def _process(world: World, api: Api) -> Process:
    running = world.running(api)
    most = world.size.processes if api == 1 else min(2, world.size.processes)
    if not running or (len(running) < most and world.happens(0.2)):
        return world.start(api)
    return world.rng.choice(running)


def _recent(world: World, process: Process) -> Conversation | None:
    """One that the user may go back to: there, not too long, the root of its sub-agents."""
    found: list[Conversation] = []
    for one in reversed(world.conversations[-200:]):
        if one.parent is None and len(one.entries) < LONGEST and _open_to(world, process, one):
            found.append(one)
            if len(found) == RECENT:
                break
    return world.rng.choice(found) if found else None


def _open_to(world: World, process: Process, conversation: Conversation) -> bool:
    if process.api != 1:
        return conversation.in_v2
    if conversation.migrated and world.chances.late_v1_in_migrated <= world.rng.random():
        return False
    return conversation.in_v1 and conversation.place in process.places


def _pause(world: World, process: Process) -> None:
    """Time until the next turn; or none, so that two processes are at work at once."""
    rng, chances = world.rng, world.chances
    if world.happens(chances.midnight):
        world.now_ms += DAY_MS - world.now_ms % DAY_MS - rng.randint(0, 9000)
    elif world.happens(chances.long_pause):
        world.tick(HOUR_MS // 2, 2 * DAY_MS)
    elif world.happens(chances.overlap) and world.journal and world.journal[-1].process is not process:
        world.now_ms -= min(rng.randint(0, 3000), max(0, world.now_ms - world.conversations[-1].created_ms))
    else:
        world.tick(200, 300_000)

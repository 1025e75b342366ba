"""What a user does besides prompting: forks, reverts, deletes, archives, goes over to OpenCode 2.x."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Final

from tests.truth.records import Answer, Conversation, Mark, Prompt

from opencode_stats.core.tokens import NO_TOKENS

if TYPE_CHECKING:
    from tests.truth.records import Entry, Process
    from tests.truth.world import World

LEAST_COPIES: Final = 60
"""So many copies may be made at any size; beyond, one for every three messages."""


def fork(world: World, process: Process, source: Conversation) -> None:
    """A new conversation that begins with copies of what another one has, all of it or up to a user message."""
    entries: list[Entry] = list(source.rows_v1() if process.api == 1 else source.rows_v2())
    prompts = [entry for entry in entries if isinstance(entry, Prompt)]
    at = world.rng.choice(prompts) if prompts and world.rng.random() < 0.4 else None
    if at is not None:
        entries = entries[: entries.index(at)]
    if process.api != 1:
        entries = [entry for entry in entries if not isinstance(entry, Answer) or entry.stage == "completed"]
    if not entries or world.copies + len(entries) > max(LEAST_COPIES, len(world.answers) // 3):
        return
    world.copies += len(entries)
    world.tick(2, 40)
    twin = Conversation(
        id=world.ids.make("ses", world.now_ms),
        api=process.api,
        version=process.host_version,
        place=source.place,
        created_ms=world.now_ms,
        fork_of=source,
        title=f"{source.title} (fork #1)",
        titled=True,
        updated_ms=world.now_ms,
    )
    world.conversations.append(twin)
    if process.api == 1:
        _copy_v1(world, process, twin, entries)
    else:
        _copy_v2(world, process, twin, entries, at)


def _copy_v1(world: World, process: Process, twin: Conversation, entries: list[Entry]) -> None:
    """New ids of this moment, the old times; every copy is told as it stands, in one update."""
    world.tell("conversation.created", process, twin)
    names: dict[Entry | None, Entry] = {}
    for entry in entries:
        world.tick(1, 12)
        twin_entry = _copied(entry, twin, world.ids.make("msg", world.now_ms))
        names[entry] = twin_entry
        world.add(twin_entry, process)
        if isinstance(twin_entry, Answer):
            prompt = names.get(twin_entry.prompt)
            twin_entry.prompt = prompt if isinstance(prompt, Prompt) else None
            twin_entry.process = process
            world.tell_stage(twin_entry, process, twin_entry.stage)
        else:
            world.tell("message.prompt", process, twin, twin_entry)


def _copy_v2(world: World, process: Process, twin: Conversation, entries: list[Entry], at: Entry | None) -> None:
    """Rows named after the event and their place; no event tells of them, and they are in no running total."""
    event = world.ids.make("evt", world.now_ms)
    twin.boundary = ("through", entries[-1].id) if at is None else ("before", at.id)
    world.tell("conversation.created", process, twin)
    for entry in entries:
        twin_entry = _copied(entry, twin, f"msg_{event[4:]}_{entry.seq}")
        twin_entry.api = 2
        twin_entry.seq = entry.seq
        twin.entries.append(twin_entry)
        twin.seq = (entry.seq or 0) + 1


def _copied(entry: Entry, twin: Conversation, identity: str) -> Entry:
    twin_entry = copy(entry)
    twin_entry.id, twin_entry.conversation, twin_entry.copy_of = identity, twin, entry
    twin_entry.seq, twin_entry.removed, twin_entry.removed_v2 = None, False, False
    return twin_entry


def stage_revert(world: World, process: Process, conversation: Conversation) -> None:
    """Undo: from a user message on. The messages are there until the next prompt."""
    prompts = [entry for entry in conversation.entries if isinstance(entry, Prompt) and _there(entry, process)]
    if prompts:
        conversation.revert = world.rng.choice(prompts)
        world.tell("conversation.updated", process, conversation)


def commit_revert(world: World, process: Process, conversation: Conversation) -> None:
    """A prompt comes after an undo: the messages are really removed, unless the user took the undo back."""
    boundary, conversation.revert = conversation.revert, None
    if boundary is None or world.rng.random() < 0.2:
        return
    found = False
    for entry in conversation.entries:
        found = found or entry is boundary
        if found and _there(entry, process):
            _remove(world, process, entry)


def remove_one(world: World, process: Process, conversation: Conversation) -> None:
    """One message is deleted (only 1.x can)."""
    answers = [entry for entry in conversation.entries if isinstance(entry, Answer) and _there(entry, process)]
    if answers and process.api == 1:
        _remove(world, process, world.rng.choice(answers))


def _remove(world: World, process: Process, entry: Entry) -> None:
    if process.api == 1:
        entry.removed = True
        world.tell("message.removed", process, entry.conversation, entry)
    else:
        entry.removed_v2 = True


def _there(entry: Entry, process: Process) -> bool:
    if process.api == 1:
        return entry.api == 1 and not entry.removed
    return entry.seq is not None and not entry.removed_v2


def delete(world: World, process: Process, conversation: Conversation) -> None:
    """The conversation and its sub-agents' are deleted, the children first; its forks stay."""
    for child in world.conversations:
        if child.parent is conversation and (child.in_v1 if process.api == 1 else child.in_v2):
            delete(world, process, child)
    if process.api == 1:
        conversation.deleted = True
    else:
        conversation.deleted_v2 = True
    world.tick(1, 5)
    world.tell("conversation.deleted", process, conversation)


def archive(world: World, process: Process, conversation: Conversation) -> None:
    """It is put away; nothing of it is lost."""
    conversation.archived_ms = world.now_ms
    world.tell("conversation.updated", process, conversation)


def migrate(world: World) -> None:
    """2.x starts for the first time and takes over what is in 1.x's tables (v2 facts §3.6).

    A compaction's user message and summary become one row that does not say its tokens, a wrapper is dropped; the
    running totals start with all that 1.x's rows add up to, copies too.
    """
    world.api, world.migrated_ms, world.migrated_at = 2, world.tick(1000, 5000), len(world.journal)
    for conversation in world.conversations:
        if not conversation.in_v1 or world.happens(world.chances.unmigrated):
            continue
        conversation.migrated = True
        conversation.told = NO_TOKENS
        for entry in conversation.rows_v1():
            if isinstance(entry, Answer):
                if entry.tokens is not None:
                    conversation.contained.append(entry)
                    conversation.told = conversation.told + entry.tokens
                    conversation.told_microusd += entry.cost_microusd or 0
                if entry.kind != "answer":
                    continue
            elif isinstance(entry, Mark):
                continue
            entry.seq = conversation.seq
            conversation.seq += 1

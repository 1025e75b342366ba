"""A turn: a prompt, the requests that answer it, the sub-agents that help, and how it ends (facts §2, §3; v2 §2.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.truth.records import Answer, Hidden, Mark, Prompt
from tests.truth.world import AGENTS, HOUR_MS, MODELS, SUB_AGENTS, TELLS_COMPACTION

from opencode_stats.core.tokens import NO_TOKENS, Tokens

if TYPE_CHECKING:
    from tests.truth.records import AnswerKind, Conversation, Model, Outcome, Process, PromptKind
    from tests.truth.world import World

DEEPEST: Final = 3
CLOCK_STEPS_MS: Final = (-HOUR_MS, -120_000, -5_000, 2 * HOUR_MS, 45_000)
ABORTED: Final = {1: "MessageAbortedError", 2: "aborted"}
FAILED: Final = {1: ("APIError", "ProviderAuthError"), 2: ("provider.error", "unknown")}
ENDS_A_TURN: Final = frozenset({"aborted", "failed", "given_up"})


class Killed(Exception):
    """The process is gone in the middle of it all."""


def take_turn(world: World, process: Process, conversation: Conversation) -> None:
    """One turn of the user's, to its end or to the end of the process."""
    try:
        _turn(world, process, conversation, depth=0, agent=world.rng.choice(AGENTS))
    except Killed:
        world.end(process, killed=True)


def compact(world: World, process: Process, conversation: Conversation) -> None:
    """The conversation so far is summed up by a request of its own."""
    try:
        _compact(world, process, conversation)
    except Killed:
        world.end(process, killed=True)


def _turn(world: World, process: Process, conversation: Conversation, *, depth: int, agent: str) -> None:
    model = world.rng.choice(MODELS)
    prompt = _submit(world, process, conversation, "user" if depth == 0 else "agent", agent=agent, model=model)
    world.tell("conversation.status", process, conversation, "busy")
    if process.api == 1 and depth == 0 and world.happens(world.chances.wrapper):
        _wrap(world, process, prompt)
    outcome: Outcome = "succeeded"
    last = False
    while not last:
        last = world.happens(0.4)
        ending = _request(world, process, prompt, last=last, depth=depth)
        if ending in ENDS_A_TURN:
            outcome = "failed" if ending == "failed" else "interrupted"
            break
    _settle(world, process, conversation, outcome)


def _submit(
    world: World, process: Process, conversation: Conversation, kind: PromptKind, *, agent: str, model: Model
) -> Prompt:
    created_ms = world.tick(2, 200)
    prompt = Prompt(world.ids.make("msg", created_ms), conversation, created_ms, kind=kind, agent=agent, model=model)
    # Before its row 2.x logs: enqueued, execution.started and, once, instructions.updated.
    world.add(prompt, process, skipped=2 if conversation.seq > 1 else 3)
    world.tell("message.prompt", process, conversation, prompt)
    if kind in {"user", "agent"}:
        world.tell("prompt.submitted", process, conversation, prompt)
    return prompt


def _settle(world: World, process: Process, conversation: Conversation, outcome: Outcome) -> None:
    """The turn is over. 1.x tells an error's or an abort's end twice; 2.x has a row for it."""
    world.tick(3, 6)
    if outcome == "failed":
        world.tell("conversation.failed", process, conversation, FAILED[process.api][0])
    if process.api == 1:
        for _ in range(1 if outcome == "succeeded" else 2):
            world.tell("conversation.status", process, conversation, "idle")
            world.tell("conversation.idle", process, conversation)
        world.tell("conversation.updated", process, conversation)
        return
    event = world.ids.make("evt", world.now_ms)
    mark = Mark(f"msg_{event[4:]}", conversation, world.now_ms, outcome=outcome)
    world.add(mark, process)
    world.tell("conversation.idle", process, conversation, outcome)


def _request(world: World, process: Process, prompt: Prompt, *, last: bool, depth: int) -> str:
    """One request to a model, one message; gives how it ended."""
    chances, conversation = world.chances, prompt.conversation
    answer = _begin(world, process, prompt, "answer", prompt.agent)
    _ask_for_title(world, process, prompt)
    retried = world.happens(chances.retry)
    if retried:
        world.tick(200, 1500)
        world.tell("conversation.status", process, conversation, "retry")
        world.tick(2000, 6000)
        if process.api != 1:
            # 2.x starts the step again, under the same id.
            world.tell_stage(answer, process, "created")
    world.tick(50, 20_000)
    if world.happens(chances.step_inside):
        world.now_ms += world.rng.choice(CLOCK_STEPS_MS)
    if world.happens(chances.kill):
        raise Killed
    if not last:
        _use_tools(world, process, conversation, depth)
    ending = _ending(world, process, retried=retried)
    _finish(world, process, answer, ending, last=last)
    return ending


def _begin(world: World, process: Process, prompt: Prompt, kind: AnswerKind, agent: str | None) -> Answer:
    made_ms = world.tick(2, 60) - (world.rng.random() < 0.05)
    answer = Answer(
        world.ids.make("msg", made_ms),
        prompt.conversation,
        world.stall(),
        process=process,
        prompt=prompt,
        kind=kind,
        agent=agent,
        model=prompt.model,
        place=prompt.conversation.place,
    )
    world.add(answer, process)
    world.answers.append(answer)
    world.tell_stage(answer, process, "created")
    return answer


def _ask_for_title(world: World, process: Process, prompt: Prompt) -> None:
    """A root conversation gets a title, once; 1.x reports the request's tokens nowhere, 2.x in the running total."""
    conversation = prompt.conversation
    if conversation.titled or conversation.fork_of is not None:
        return
    conversation.titled, conversation.title = True, "Something that the user said"
    world.tell("title.requested", process, conversation, prompt)
    if process.api == 1:
        world.tell("conversation.updated", process, conversation)
        return
    tokens = Tokens(world.rng.randint(20, 400), world.rng.randint(2, 20))
    conversation.seq += 2
    hidden = Hidden("title", world.now_ms, tokens, prompt.model.cost_microusd(tokens))
    world.charge(process, conversation, hidden)


def _use_tools(world: World, process: Process, conversation: Conversation, depth: int) -> None:
    """The model calls a tool: the user may be asked, a sub-agent may work."""
    if world.happens(0.1):
        request = world.ids.make("per", world.now_ms)
        world.tell("request.opened", process, conversation, request)
        world.tick(300, 60_000)
        world.tell("request.closed", process, conversation, request)
    if depth < DEEPEST and world.happens(world.chances.sub_agent):
        agent = world.rng.choice(SUB_AGENTS)
        child = world.converse(process, conversation.place, parent=conversation, agent=agent)
        _turn(world, process, child, depth=depth + 1, agent=agent)


def _ending(world: World, process: Process, *, retried: bool) -> str:
    chances = world.chances
    for ending, chance in (
        ("aborted", chances.abort),
        ("failed", chances.failure),
        ("given_up", chances.given_up if retried and process.api == 1 else 0),
        ("cut", chances.cut),
    ):
        if world.happens(chance):
            return ending
    return "finished"


def _finish(world: World, process: Process, answer: Answer, ending: str, *, last: bool) -> None:
    """The request is over; its tokens are there, or nobody will ever know them."""
    rng = world.rng
    error = ending in {"aborted", "failed"}
    if ending == "finished" or (error and process.api == 2 and rng.random() < 0.25):
        answer.tokens = world.tokens()
    elif not error:
        # OpenCode says zero: nothing was made, or the provider sent no usage and nothing else is ever known.
        answer.tokens = NO_TOKENS
    if answer.tokens is not None:
        answer.cost_microusd = answer.model.cost_microusd(answer.tokens)
    if error:
        answer.error = ABORTED[process.api] if ending == "aborted" else rng.choice(FAILED[process.api])
    elif ending != "given_up":
        answer.finish = rng.choice(("unknown", "stop")) if ending == "cut" else "stop" if last else "tool-calls"
    if process.api == 1 and answer.finish is not None:
        answer.stage, answer.settled_ms = "usage", world.now_ms
        world.tell_stage(answer, process, "usage")
        world.tick(30, 60)
        if world.happens(world.chances.half):
            raise Killed
    answer.stage, answer.completed_ms = "completed", world.now_ms
    world.tell_stage(answer, process, "completed")
    if process.api != 1:
        # text.started, text.ended, step.streamed and step.ended have no rows.
        answer.conversation.seq += 4
        world.charge(process, answer.conversation, answer)


def _wrap(world: World, process: Process, prompt: Prompt) -> None:
    """A command of the user's that runs as a sub-agent: a message that asked no model anything stands for it."""
    answer = _begin(world, process, prompt, "wrapper", prompt.agent)
    world.tick(5, 50)
    answer.tokens, answer.cost_microusd = NO_TOKENS, 0
    answer.stage, answer.completed_ms, answer.finish = "completed", world.now_ms, "tool-calls"
    world.tell_stage(answer, process, "completed")


def _compact(world: World, process: Process, conversation: Conversation) -> None:
    model = world.rng.choice(MODELS)
    if process.api == 1:
        prompt = _submit(world, process, conversation, "compaction", agent="build", model=model)
        world.tell("conversation.status", process, conversation, "busy")
        answer = _begin(world, process, prompt, "compaction", "compaction")
        world.tick(1000, 30_000)
        if world.happens(world.chances.kill):
            raise Killed
        _finish(world, process, answer, _ending(world, process, retried=False), last=True)
        if answer.error is None:
            world.tell("conversation.compacted", process, conversation)
            if world.rng.random() < 0.5:
                _submit(world, process, conversation, "continue", agent="build", model=model)
        _settle(world, process, conversation, "succeeded" if answer.error is None else "interrupted")
        return
    world.tell("conversation.status", process, conversation, "busy")
    created_ms = world.tick(5, 50)
    identity = world.ids.make("msg", created_ms)
    world.tick(1000, 30_000)
    tokens = world.tokens()
    failed = process.host_version == TELLS_COMPACTION and world.happens(world.chances.failure)
    if process.host_version == TELLS_COMPACTION:
        answer = Answer(
            identity, conversation, created_ms, process=process, kind="compaction", agent=None, model=model,
            place=conversation.place, stage="completed", tokens=tokens, cost_microusd=model.cost_microusd(tokens),
            completed_ms=world.now_ms,
        )  # fmt: skip
        answer.error = "compaction.failed" if failed else None
        world.add(answer, process, skipped=2)
        world.answers.append(answer)
        world.tell_stage(answer, process, "completed")
        world.charge(process, conversation, answer)
    else:
        world.add(Mark(identity, conversation, created_ms, kind="compaction"), process, skipped=2)
        hidden = Hidden("compaction", world.now_ms, tokens, model.cost_microusd(tokens))
        world.charge(process, conversation, hidden)
    conversation.seq += 2
    if not failed:
        world.tell("conversation.compacted", process, conversation)
    _settle(world, process, conversation, "succeeded")

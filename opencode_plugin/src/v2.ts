/**
 * OpenCode 2.x: the events of its stream, as lines. Remembers what later events leave out, within bounds: a model is
 * named when a step starts and its tokens come when it ends.
 */
import { answerV2, directoryOf } from "./answer.ts";
import type { ConversationSeen, Line, MessageSnapshot } from "./line.ts";
import { at, cost, errorName, instant, name, permissionKind, text, tokens, word } from "./reading.ts";
import { RecentKeys, RecentMap } from "./recent.ts";

/** Conversations that are remembered at a time: more than one server has open, and about 100 KiB. */
const CONVERSATIONS = 1000;

/** What one event means. */
export interface ReadV2 {
  readonly lines: readonly Line[];
  /** A conversation whose beginning, or whose directory, no event told: ask OpenCode, then call `learned`. Named once. */
  readonly ask: string | undefined;
}

interface MomentV2 {
  readonly at_ms: number;
  readonly event: unknown;
  readonly payload: unknown;
  readonly conversation: string;
  readonly created_ms: number | undefined;
}

type StepV2 = Pick<MessageSnapshot, "agent" | "provider" | "model" | "variant" | "created_ms">;

/** Names one delivery of an event: the place in its conversation's log where it has one, else its own id. */
export function keyOfV2(event: unknown): string | undefined {
  const durable = at(event, "durable");
  const aggregate = text(at(durable, "aggregateID"));
  const seq = at(durable, "seq");
  return aggregate !== undefined && typeof seq === "number" ? `${aggregate}:${seq}` : text(at(event, "id"));
}

/** Reads one process's stream of events. */
export class V2Reader {
  readonly #directories = new RecentMap<string>(CONVERSATIONS);
  readonly #heard = new RecentKeys(CONVERSATIONS);
  readonly #asked = new RecentKeys(CONVERSATIONS);
  readonly #steps = new RecentMap<StepV2>(CONVERSATIONS);
  readonly #prompts = new RecentMap<true>(CONVERSATIONS);
  readonly #compactions = new RecentMap<{ message: string | undefined; created_ms: number | undefined }>(CONVERSATIONS);
  #ask: string | undefined;

  /** What an event means; undefined for those that are not forwarded. */
  read(event: unknown, at_ms: number): ReadV2 | undefined {
    const translate = V2_EVENTS.get(at(event, "type"));
    if (translate === undefined) return undefined;
    const payload = at(event, "data") ?? at(event, "properties");
    // "global" is the form of no conversation, and an empty id is refused by every line that needs one.
    const conversation = text(at(payload, "sessionID")) ?? "";
    this.#ask = undefined;
    this.#hear(at(event, "type"), conversation);
    const lines = translate(this, { at_ms, event, payload, conversation, created_ms: instant(at(event, "created")) });
    return { lines: lines ?? [], ask: this.#ask };
  }

  /** What OpenCode answered when it was asked for a conversation. */
  learned(conversation: string, session: unknown, at_ms: number): Line[] {
    const directory = directoryOf(session);
    if (directory !== undefined) this.#directories.set(conversation, directory);
    return answerV2(conversation, session, at_ms);
  }

  /** A prompt waits in the inbox; it counts when it is delivered. */
  enqueued(now: MomentV2): undefined {
    const message = text(at(now.payload, "inboxID"));
    if (message !== undefined && at(at(now.payload, "item"), "type") === "user") this.#prompts.set(message, true);
    return undefined;
  }

  cancelled(now: MomentV2): undefined {
    this.#prompts.take(text(at(now.payload, "inboxID")) ?? "");
    return undefined;
  }

  delivered(now: MomentV2): Line[] | undefined {
    const message = text(at(now.payload, "inboxID"));
    if (now.conversation === "" || message === undefined || !this.#prompts.take(message)) return undefined;
    const { at_ms, conversation } = now;
    return [{ type: "prompt.submitted", at_ms, conversation, message, directory: this.#directory(now) }];
  }

  seen(now: MomentV2, change: ConversationSeen["change"], named: Partial<ConversationSeen>): Line[] | undefined {
    const { at_ms, conversation } = now;
    if (conversation === "") return undefined;
    const own = directoryOf(now.payload);
    if (own !== undefined) this.#directories.set(conversation, own);
    const directory = change === "deleted" ? this.#directories.take(conversation) : this.#directory(now);
    return [{ type: "conversation.seen", at_ms, conversation, change, directory, ...named }];
  }

  stepStarted(now: MomentV2): Line[] | undefined {
    const { payload } = now;
    const message = text(at(payload, "assistantMessageID"));
    if (now.conversation === "" || message === undefined) return undefined;
    const model = at(payload, "model");
    const step: StepV2 = {
      agent: name(at(payload, "agent")),
      provider: name(at(model, "providerID")),
      model: name(at(model, "id")),
      variant: name(at(model, "variant")),
      // A retry starts the same message again; it was made when it started first.
      created_ms: this.#steps.get(message)?.created_ms ?? instant(at(payload, "started")) ?? now.created_ms,
    };
    this.#steps.set(message, step);
    return [this.#snapshot(now, message, step)];
  }

  stepSettled(now: MomentV2, failed: boolean): Line[] | undefined {
    const message = text(at(now.payload, "assistantMessageID"));
    if (now.conversation === "" || message === undefined) return undefined;
    return [{ ...this.#snapshot(now, message, this.#steps.take(message)), ...settledV2(now, failed) }];
  }

  compactionStarted(now: MomentV2): undefined {
    const message = text(at(now.payload, "inputID")) ?? messageOfEvent(now.event);
    this.#compactions.set(now.conversation, { message, created_ms: now.created_ms });
    return undefined;
  }

  compactionSettled(now: MomentV2, failed: boolean): Line[] | undefined {
    const { at_ms, conversation, payload } = now;
    if (conversation === "") return undefined;
    const started = this.#compactions.take(conversation);
    const message = started?.message ?? text(at(payload, "inputID")) ?? messageOfEvent(now.event);
    const model = at(payload, "model");
    const step: StepV2 = {
      provider: name(at(model, "providerID")),
      model: name(at(model, "id")),
      variant: name(at(model, "variant")),
      created_ms: started?.created_ms ?? now.created_ms,
    };
    const spent = message !== undefined && tokens(at(payload, "tokens")) !== undefined;
    const lines: Line[] = spent
      ? [{ ...this.#snapshot(now, message, step), ...settledV2(now, failed), summary: true }]
      : [];
    if (!failed) lines.push({ type: "conversation.compacted", at_ms, conversation });
    return lines;
  }

  status(now: MomentV2, status: "busy" | "retry"): Line[] | undefined {
    const { at_ms, conversation } = now;
    if (conversation === "") return undefined;
    return [{ type: "conversation.status", at_ms, conversation, status, directory: this.#directory(now) }];
  }

  /** At the first event of a conversation that did not begin here, it is to be asked for; one that ends is not. */
  #hear(type: unknown, conversation: string): void {
    if (conversation === "" || conversation === "global" || !this.#heard.first(conversation)) return;
    if (type !== "session.created" && type !== "session.forked" && type !== "session.deleted")
      this.#toAsk(conversation);
  }

  #toAsk(conversation: string): void {
    if (this.#asked.first(conversation)) this.#ask = conversation;
  }

  #snapshot(now: MomentV2, message: string, step: StepV2 | undefined): MessageSnapshot {
    const { at_ms, conversation } = now;
    const event = text(at(now.event, "id"));
    const directory = this.#directory(now);
    return { type: "message.snapshot", at_ms, event, conversation, message, directory, ...step };
  }

  /** Where a conversation works: as an event told it, the event's own place, else unknown and to be asked for. */
  #directory(now: MomentV2): string | undefined {
    const known = this.#directories.get(now.conversation) ?? directoryOf(now.event);
    if (known !== undefined) this.#directories.set(now.conversation, known);
    else this.#toAsk(now.conversation);
    return known;
  }
}

function settledV2(now: MomentV2, failed: boolean): Partial<MessageSnapshot> {
  const { payload } = now;
  return {
    tokens: tokens(at(payload, "tokens")),
    cost_usd: cost(at(payload, "cost")),
    completed_ms: now.created_ms,
    finish: word(at(payload, "finish")),
    error: failed ? errorName(at(at(payload, "error"), "type")) : undefined,
  };
}

/** OpenCode names a message that an event makes after the event. */
function messageOfEvent(event: unknown): string | undefined {
  const id = text(at(event, "id"));
  return id?.startsWith("evt_") ? `msg_${id.slice("evt_".length)}` : undefined;
}

function executedV2(now: MomentV2, outcome: "succeeded" | "failed" | "interrupted"): Line[] | undefined {
  const { at_ms, conversation } = now;
  if (conversation === "") return undefined;
  const idle: Line = { type: "conversation.idle", at_ms, conversation, outcome };
  if (outcome !== "failed") return [idle];
  const error = errorName(at(at(now.payload, "error"), "type"));
  return [{ type: "conversation.failed", at_ms, error, conversation }, idle];
}

function createdV2(now: MomentV2): Partial<ConversationSeen> {
  const { payload } = now;
  return {
    parent: text(at(payload, "parentID")),
    project: text(at(payload, "projectID")),
    agent: name(at(payload, "agent")),
    created_ms: now.created_ms,
    host_version: text(at(payload, "version")),
  };
}

function usageV2(now: MomentV2): Line[] | undefined {
  const { at_ms, conversation } = now;
  const total = tokens(at(now.payload, "tokens"));
  if (conversation === "" || total === undefined) return undefined;
  const cost_usd = cost(at(now.payload, "cost"));
  return [{ type: "conversation.usage", at_ms, conversation, tokens: total, cost_usd }];
}

function openedV2(now: MomentV2, kind: "permission" | "question", from: unknown): Line[] | undefined {
  const request = text(at(from, "id"));
  if (request === undefined) return undefined;
  const about = kind === "permission" ? permissionKind(at(from, "action")) : undefined;
  return [{ type: "request.opened", at_ms: now.at_ms, request, kind, conversation: conversationOf(from), about }];
}

function closedV2(now: MomentV2, request: string | undefined): Line[] | undefined {
  if (request === undefined) return undefined;
  return [{ type: "request.closed", at_ms: now.at_ms, request, conversation: conversationOf(now.payload) }];
}

/** A form may belong to no conversation; OpenCode then calls it `global`. */
function conversationOf(from: unknown): string | undefined {
  const conversation = text(at(from, "sessionID"));
  return conversation === "global" ? undefined : conversation;
}

type TranslateV2 = (reader: V2Reader, now: MomentV2) => Line[] | undefined;

/** The event types that are read. All others end at a miss here. */
const V2_EVENTS: ReadonlyMap<unknown, TranslateV2> = new Map<unknown, TranslateV2>([
  ["session.inbox.enqueued", (reader, now) => reader.enqueued(now)],
  ["session.inbox.cancelled", (reader, now) => reader.cancelled(now)],
  ["session.inbox.delivered", (reader, now) => reader.delivered(now)],
  ["session.step.started", (reader, now) => reader.stepStarted(now)],
  ["session.step.ended", (reader, now) => reader.stepSettled(now, false)],
  ["session.step.failed", (reader, now) => reader.stepSettled(now, true)],
  ["session.compaction.started", (reader, now) => reader.compactionStarted(now)],
  ["session.compaction.ended", (reader, now) => reader.compactionSettled(now, false)],
  ["session.compaction.failed", (reader, now) => reader.compactionSettled(now, true)],
  ["session.created", (reader, now) => reader.seen(now, "created", createdV2(now))],
  [
    "session.forked",
    (reader, now) => {
      // Here `parentID` is the source of the copy, not a parent agent's conversation.
      const fork_of = text(at(now.payload, "parentID"));
      return reader.seen(now, "created", { fork_of, created_ms: now.created_ms });
    },
  ],
  ["session.moved", (reader, now) => reader.seen(now, "updated", { project: text(at(now.payload, "projectID")) })],
  ["session.archived", (reader, now) => reader.seen(now, "updated", {})],
  ["session.unarchived", (reader, now) => reader.seen(now, "updated", {})],
  ["session.deleted", (reader, now) => reader.seen(now, "deleted", {})],
  ["session.usage.updated", (_reader, now) => usageV2(now)],
  ["session.execution.started", (reader, now) => reader.status(now, "busy")],
  ["session.retry.scheduled", (reader, now) => reader.status(now, "retry")],
  ["session.execution.succeeded", (_reader, now) => executedV2(now, "succeeded")],
  ["session.execution.failed", (_reader, now) => executedV2(now, "failed")],
  ["session.execution.interrupted", (_reader, now) => executedV2(now, "interrupted")],
  ["permission.asked", (_reader, now) => openedV2(now, "permission", now.payload)],
  ["permission.replied", (_reader, now) => closedV2(now, text(at(now.payload, "requestID")))],
  ["form.created", (_reader, now) => openedV2(now, "question", at(now.payload, "form"))],
  ["form.replied", (_reader, now) => closedV2(now, text(at(now.payload, "id")))],
  ["form.cancelled", (_reader, now) => closedV2(now, text(at(now.payload, "id")))],
]);

/** True where an event of this type is read. */
export function isReadV2(type: unknown): boolean {
  return V2_EVENTS.has(type);
}

/** OpenCode 1.x: what its hooks are given, as lines. Pure; observed on 1.18.33. */
import type { Line } from "./line.ts";
import { at, cost, errorName, instant, name, permissionKind, text, tokens, word } from "./reading.ts";

/** What one call of a hook means: its lines, and the key under which a second delivery is recognised. */
export interface Told {
  readonly key: string | undefined;
  readonly lines: readonly Line[];
}

type TranslateV1 = (
  properties: unknown,
  directory: string | undefined,
  at_ms: number,
  event: unknown,
) => Line | undefined;

function conversationLineV1(build: (conversation: string, at_ms: number) => Line): TranslateV1 {
  return (properties, _directory, at_ms) => {
    const conversation = text(at(properties, "sessionID"));
    return conversation === undefined ? undefined : build(conversation, at_ms);
  };
}

function seenV1(change: "created" | "updated" | "deleted"): TranslateV1 {
  return (properties, _directory, at_ms) => {
    const info = at(properties, "info");
    const conversation = text(at(info, "id")) ?? text(at(properties, "sessionID"));
    if (conversation === undefined) return undefined;
    return {
      type: "conversation.seen",
      at_ms,
      conversation,
      change,
      parent: text(at(info, "parentID")),
      directory: text(at(info, "directory")),
      project: text(at(info, "projectID")),
      agent: name(at(info, "agent")),
      created_ms: instant(at(at(info, "time"), "created")),
      host_version: text(at(info, "version")),
    };
  };
}

function snapshotV1(properties: unknown, at_ms: number, event: unknown): Line | undefined {
  const info = at(properties, "info");
  if (at(info, "role") !== "assistant") return undefined;
  const conversation = text(at(info, "sessionID"));
  const message = text(at(info, "id"));
  if (conversation === undefined || message === undefined) return undefined;
  const time = at(info, "time");
  const path = at(info, "path");
  const error = at(info, "error");
  return {
    type: "message.snapshot",
    at_ms,
    event: text(at(event, "id")),
    conversation,
    message,
    parent: text(at(info, "parentID")),
    agent: name(at(info, "agent")) ?? name(at(info, "mode")),
    provider: name(at(info, "providerID")),
    model: name(at(info, "modelID")),
    variant: name(at(info, "variant")),
    directory: text(at(path, "cwd")),
    root: text(at(path, "root")),
    tokens: tokens(at(info, "tokens")),
    cost_usd: cost(at(info, "cost")),
    created_ms: instant(at(time, "created")),
    completed_ms: instant(at(time, "completed")),
    finish: word(at(info, "finish")),
    error: typeof error === "object" && error !== null ? errorName(at(error, "name")) : undefined,
    summary: at(info, "summary") === true ? true : undefined,
  };
}

function statusV1(properties: unknown, directory: string | undefined, at_ms: number): Line | undefined {
  const conversation = text(at(properties, "sessionID"));
  const kind = at(at(properties, "status"), "type");
  if (conversation === undefined || (kind !== "busy" && kind !== "retry" && kind !== "idle")) return undefined;
  return { type: "conversation.status", at_ms, conversation, status: kind, directory };
}

function failedV1(properties: unknown, at_ms: number): Line {
  return {
    type: "conversation.failed",
    at_ms,
    error: errorName(at(at(properties, "error"), "name")),
    conversation: text(at(properties, "sessionID")),
  };
}

function openedV1(kind: "permission" | "question"): TranslateV1 {
  return (properties, _directory, at_ms) => {
    const request = text(at(properties, "id"));
    if (request === undefined) return undefined;
    const about = kind === "permission" ? permissionKind(at(properties, "permission")) : undefined;
    return { type: "request.opened", at_ms, request, kind, conversation: text(at(properties, "sessionID")), about };
  };
}

function closedV1(properties: unknown, at_ms: number): Line | undefined {
  const request = text(at(properties, "requestID"));
  if (request === undefined) return undefined;
  return { type: "request.closed", at_ms, request, conversation: text(at(properties, "sessionID")) };
}

/** The event types that are forwarded. All others (streamed text and OpenCode's own start, over 80 %) end at a miss here. */
const V1_EVENTS: ReadonlyMap<unknown, TranslateV1> = new Map<unknown, TranslateV1>([
  ["message.updated", (properties, _directory, at_ms, event) => snapshotV1(properties, at_ms, event)],
  ["session.created", seenV1("created")],
  ["session.updated", seenV1("updated")],
  ["session.deleted", seenV1("deleted")],
  ["session.status", statusV1],
  ["session.idle", conversationLineV1((conversation, at_ms) => ({ type: "conversation.idle", at_ms, conversation }))],
  ["session.error", (properties, _directory, at_ms) => failedV1(properties, at_ms)],
  [
    "session.compacted",
    conversationLineV1((conversation, at_ms) => ({ type: "conversation.compacted", at_ms, conversation })),
  ],
  ["permission.asked", openedV1("permission")],
  ["permission.replied", (properties, _directory, at_ms) => closedV1(properties, at_ms)],
  ["question.asked", openedV1("question")],
  ["question.replied", (properties, _directory, at_ms) => closedV1(properties, at_ms)],
  ["question.rejected", (properties, _directory, at_ms) => closedV1(properties, at_ms)],
]);

/** True where an event of this type may become a line. */
export function isForwardedV1(type: unknown): boolean {
  return V1_EVENTS.has(type);
}

/** What an event of the `event` hook means. `directory` is the one that this instance of OpenCode serves. */
export function toldByEvent(event: unknown, directory: string | undefined, at_ms: number): Told | undefined {
  const line = V1_EVENTS.get(at(event, "type"))?.(at(event, "properties"), directory, at_ms, event);
  return line && { key: text(at(event, "id")), lines: [line] };
}

/** What the `chat.message` hook means: a prompt was handed in, by the user or by a parent agent. */
export function toldByPrompt(
  input: unknown,
  output: unknown,
  directory: string | undefined,
  at_ms: number,
): Told | undefined {
  const sent = at(output, "message");
  const conversation = text(at(sent, "sessionID")) ?? text(at(input, "sessionID"));
  const message = text(at(sent, "id")) ?? text(at(input, "messageID"));
  if (conversation === undefined || message === undefined) return undefined;
  const model = at(sent, "model") ?? at(input, "model");
  const line: Line = {
    type: "prompt.submitted",
    at_ms,
    conversation,
    message,
    agent: name(at(sent, "agent")) ?? name(at(input, "agent")),
    provider: name(at(model, "providerID")),
    model: name(at(model, "modelID")),
    directory,
  };
  return { key: `prompt ${conversation} ${message}`, lines: [line] };
}

/** What the `chat.params` hook means, which sees every request to a model: only the one for a title is forwarded. */
export function toldByParams(input: unknown, at_ms: number): Told | undefined {
  const agent = at(input, "agent");
  if (agent !== "title" && at(agent, "name") !== "title") return undefined;
  const conversation = text(at(input, "sessionID"));
  const message = text(at(at(input, "message"), "id"));
  if (conversation === undefined || message === undefined) return undefined;
  const model = at(input, "model");
  const line: Line = {
    type: "title.requested",
    at_ms,
    conversation,
    message,
    provider: name(at(model, "providerID")),
    model: name(at(model, "id")),
  };
  return { key: `title ${conversation} ${message}`, lines: [line] };
}

/** No word of a prompt, an answer, a title, a question, a pattern, a tool's work or an error's text gets into the spool. */
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { play } from "./play.ts";
import { LINE_KEYS } from "./rules.ts";
import { insides, RECORDED } from "./shipped.ts";

const RECORDINGS = readdirSync(RECORDED, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".jsonl"))
  .sort();

/** Keys whose values OpenCode may hand on: ids, kinds, names, places. Every other string of a payload is private. */
const PUBLIC = new Set([
  ...["id", "sessionID", "messageID", "parentID", "projectID", "inboxID", "inputID", "requestID", "assistantMessageID"],
  ...["aggregateID", "type", "role", "agent", "mode", "modelID", "providerID", "variant", "finish", "version"],
  ...["directory", "worktree", "cwd", "root", "parentSessionId", "sessionId"],
]);

/** Strings of four characters and more that must not be found in the spool. */
function secretsOf(value: unknown, key: string, found: Set<string>): void {
  if (typeof value === "string") {
    if (value.length >= 4 && !PUBLIC.has(key)) found.add(value);
  } else if (Array.isArray(value)) {
    for (const each of value) secretsOf(each, key, found);
  } else if (typeof value === "object" && value !== null) {
    for (const [name, each] of Object.entries(value)) secretsOf(each, name, found);
  }
}

/** Every public string of a payload. An error's `name` is its kind; 2.x names a message after the event that made it. */
function namesOf(value: unknown, key: string, found: Set<string>): void {
  if (typeof value === "string") {
    if (!PUBLIC.has(key)) return;
    found.add(value);
    if (value.startsWith("evt_")) found.add(`msg_${value.slice("evt_".length)}`);
  } else if (typeof value === "object" && value !== null) {
    const { name } = value as { name?: unknown };
    if (key === "error" && typeof name === "string") found.add(name);
    for (const [inner, each] of Object.entries(value)) namesOf(each, Array.isArray(value) ? key : inner, found);
  }
}

/** Every string that a line says; its keys are ours. */
function said(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(said);
}

const OURS = new Set([
  ...LINE_KEYS.keys(),
  ...["busy", "retry", "idle", "created", "updated", "deleted", "permission", "question"],
  ...["succeeded", "failed", "interrupted", "0.1.0"],
  // What our own replay of 2.x adds to the recorded events.
  ...["2.1.2", "project", "/home/dev/proj", "/home/dev/asked"],
]);

describe.each(RECORDINGS)("%s", (recording) => {
  const secrets = new Set<string>();
  const names = new Set<string>();
  const rows = readFileSync(join(RECORDED, recording), "utf8").split("\n");
  for (const row of rows.filter((each) => each !== "" && !each.includes('"_fixture"'))) {
    const parsed = JSON.parse(row);
    secretsOf(parsed.payload ?? parsed, "", secrets);
    namesOf(parsed.payload ?? parsed, "", names);
  }
  const strings = play(recording).lines.flatMap(({ run, ...line }) => said(line));

  test("every string of the spool is an id, a name, a kind or a place of the payloads", () => {
    expect(strings.length).toBeGreaterThan(5);
    expect(strings.filter((each) => !OURS.has(each) && !names.has(each))).toEqual([]);
  });

  test("no private string of the payloads is in any of them", () => {
    // A short one may be part of a name by chance: "proj1" of "/home/user/proj1".
    const open = [...names, ...OURS];
    const telling = [...secrets].filter((secret) => !open.some((name) => name.includes(secret)));
    expect(telling.length).toBeGreaterThan(5);
    expect(telling.filter((secret) => strings.some((each) => each.includes(secret)))).toEqual([]);
  });
});

const SECRET = "the launch code is 0000";

test("a marker in every text that OpenCode can name stays where it is", () => {
  const info = {
    ...{ id: "msg_1", sessionID: "ses_1", role: "assistant", title: SECRET, summary: { title: SECRET, body: SECRET } },
    error: { name: SECRET, message: SECRET, data: { message: SECRET } },
    ...{ finish: SECRET, structured: SECRET, parts: [{ text: SECRET }] },
  };
  const asked = {
    id: "per_1",
    sessionID: "ses_1",
    permission: "linear_create_issue",
    patterns: [SECRET],
    title: SECRET,
  };
  const question = { id: "que_1", sessionID: "ses_1", questions: [{ question: SECRET, header: SECRET }] };
  const failed = { sessionID: "ses_1", error: { name: SECRET, message: SECRET, data: { message: SECRET } } };
  const retry = { sessionID: "ses_1", status: { type: "retry", attempt: 1, message: SECRET } };
  const events = [
    { id: "evt_1", type: "message.updated", properties: { info } },
    { id: "evt_2", type: "session.updated", properties: { info } },
    { id: "evt_3", type: "permission.asked", properties: asked },
    { id: "evt_4", type: "question.asked", properties: question },
    { id: "evt_5", type: "session.error", properties: failed },
    { id: "evt_6", type: "session.status", properties: retry },
  ];
  const lines = events.flatMap((event) => insides.toldByEvent(event, "/home/user", 1)?.lines ?? []);
  expect(lines).toHaveLength(6);
  const written = JSON.stringify(lines);
  expect(written).not.toContain(SECRET);
  expect(written).not.toContain("linear");
  expect(lines.find(({ type }) => type === "request.opened")).toMatchObject({ about: "other" });
  expect(lines.find(({ type }) => type === "conversation.failed")).toMatchObject({ error: "UnknownError" });

  const reader = new insides.V2Reader();
  const step = { sessionID: "ses_1", assistantMessageID: "msg_1" };
  const form = { id: "frm_1", sessionID: "global", title: SECRET, fields: [{ label: SECRET }] };
  const stream = [
    { type: "session.created", data: { sessionID: "ses_1", title: SECRET, slug: SECRET } },
    {
      type: "session.inbox.enqueued",
      data: { sessionID: "ses_1", inboxID: "msg_0", item: { type: "user", payload: { text: SECRET } } },
    },
    { type: "session.inbox.delivered", data: { sessionID: "ses_1", inboxID: "msg_0" } },
    { type: "session.step.failed", data: { ...step, error: { type: SECRET, message: SECRET }, finish: SECRET } },
    { type: "session.execution.failed", data: { sessionID: "ses_1", error: { type: SECRET, message: SECRET } } },
    { type: "session.compaction.ended", data: { sessionID: "ses_1", text: SECRET, tokens: { input: 1 } }, id: "evt_9" },
    { type: "permission.asked", data: { id: "per_1", sessionID: "ses_1", action: "my_tool", resources: [SECRET] } },
    { type: "form.created", data: { form } },
  ];
  const told = stream.flatMap((event) => reader.read(event, 1)?.lines ?? []);
  const learned = reader.learned("ses_1", { title: SECRET, location: { directory: "/home/user" } }, 1);
  expect(told.map(({ type }) => type)).toEqual([
    ...([
      "conversation.seen",
      "prompt.submitted",
      "message.snapshot",
      "conversation.failed",
      "conversation.idle",
    ] as const),
    ...(["message.snapshot", "conversation.compacted", "request.opened", "request.opened"] as const),
  ]);
  expect(JSON.stringify([told, learned])).not.toContain(SECRET);
  expect(JSON.stringify(told)).not.toContain("my_tool");
  expect(told.at(-1)).toEqual({ type: "request.opened", at_ms: 1, request: "frm_1", kind: "question" });
});

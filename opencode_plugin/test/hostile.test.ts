/** Whatever OpenCode hands over, nothing is thrown back, nothing is printed, and no line breaks a rule. */
import { afterAll, beforeAll, describe, expect, spyOn, test } from "bun:test";
import fc from "fast-check";
import { encode, type Line } from "../src/line.ts";
import { faults } from "./rules.ts";
import { scratch, spoolLines, spoolText } from "./scratch.ts";
import { insides, SHIPPED } from "./shipped.ts";

const V1_TYPES = [
  ...["message.updated", "session.created", "session.updated", "session.deleted", "session.status", "session.idle"],
  ...["session.error", "session.compacted", "permission.asked", "permission.replied", "question.asked"],
  ...["question.replied", "question.rejected", "message.part.delta"],
];
const V2_TYPES = [
  ...["session.inbox.enqueued", "session.inbox.cancelled", "session.inbox.delivered", "session.step.started"],
  ...["session.step.ended", "session.step.failed", "session.compaction.started", "session.compaction.ended"],
  ...["session.compaction.failed", "session.created", "session.forked", "session.moved", "session.archived"],
  ...["session.unarchived", "session.deleted", "session.usage.updated", "session.execution.started"],
  ...["session.retry.scheduled", "session.execution.succeeded", "session.execution.failed", "permission.asked"],
  ...["session.execution.interrupted", "permission.replied", "form.created", "form.replied", "form.cancelled"],
];
const KEYS = [
  ...["sessionID", "id", "info", "role", "tokens", "cache", "read", "write", "input", "output", "reasoning", "cost"],
  ...["time", "created", "completed", "error", "name", "type", "status", "requestID", "permission", "action", "path"],
  ...["cwd", "root", "modelID", "providerID", "variant", "finish", "summary", "parentID", "agent", "directory", "item"],
  ...["version", "assistantMessageID", "model", "inboxID", "location", "form", "started", "inputID", "message"],
];

/** Values of every sort, under the names that are looked for and under others. */
const value = fc.letrec((tie) => ({
  leaf: fc.oneof(
    fc.constantFrom<unknown>("assistant", "busy", "user", "title", "", "ses_1", "msg_1", "evt_1", "global", true, null),
    fc.constantFrom<unknown>("x".repeat(4096), "x".repeat(4097), "\ud800", "a\nb", undefined, -1, 0.5, 1e300),
    fc.string({ unit: "binary" }),
    fc.double(),
    fc.integer(),
    fc.bigInt(),
  ),
  record: fc.dictionary(fc.constantFrom(...KEYS), tie("any"), { maxKeys: 12 }),
  any: fc.oneof({ maxDepth: 4, depthSize: "small" }, tie("leaf"), tie("record"), tie("record"), fc.array(tie("leaf"))),
})).any;

const IDS = {
  ...{ sessionID: "ses_1", id: "per_1", requestID: "per_1", assistantMessageID: "msg_1", inboxID: "msg_0" },
  ...{ role: "assistant", status: { type: "busy" }, item: { type: "user" }, form: { id: "frm_1" } },
};

const amount = fc.oneof(fc.double(), fc.integer(), fc.constantFrom<unknown>("9", null, undefined));
const amounts = fc.record({ input: amount, output: amount, reasoning: amount, cache: fc.record({ read: amount }) });

/** The ids that a line needs over values of every sort, and now and then those instead of an id. */
const payload = fc
  .tuple(value, value, fc.subarray(Object.keys(IDS), { minLength: 6 }), fc.oneof(amounts, value))
  .map(([outer, inner, kept, tokens]) => {
    const ids = Object.fromEntries(Object.entries(IDS).filter(([key]) => kept.includes(key)));
    const spread = (own: unknown) => (typeof own === "object" && own !== null ? own : {});
    return { ...spread(outer), ...ids, tokens, info: { ...spread(inner), ...ids, tokens } };
  });

function broken(lines: readonly Line[]): string[] {
  return lines.flatMap((line) => faults(encode(line).trimEnd()));
}

/** An object of which every look throws. */
function trap(): object {
  const refuse = (): never => {
    throw new Error("hands off");
  };
  return new Proxy(() => {}, { get: refuse, has: refuse, ownKeys: refuse, apply: refuse, getPrototypeOf: refuse });
}

/** Traps at every depth: a payload whose first looks succeed and a later one throws. */
const TRAPS: readonly unknown[] = [
  ...[undefined, null, 0, "", trap(), { event: trap() }, { event: null }],
  { event: { type: "message.updated", properties: trap() } },
  { event: { type: "message.updated", properties: { info: trap() } } },
  { event: { type: "session.idle", properties: { sessionID: trap() } } },
  {
    event: {
      type: "session.idle",
      properties: { sessionID: "ses_1" },
      get id() {
        throw new Error("hands off");
      },
    },
  },
];

describe("any payload makes lines by the rules or none", () => {
  test("events of 1.x", () => {
    const made = new Map<string, number>();
    fc.assert(
      fc.property(fc.constantFrom(...V1_TYPES), fc.oneof(payload, value), (type, properties) => {
        const lines = insides.toldByEvent({ id: "evt_1", type, properties }, "/home/user", 1)?.lines ?? [];
        for (const _line of lines) made.set(type, (made.get(type) ?? 0) + 1);
        expect(broken(lines)).toEqual([]);
      }),
      { numRuns: 4000 },
    );
    // Every type but the streamed one became lines, often.
    expect(V1_TYPES.filter((type) => (made.get(type) ?? 0) < 20)).toEqual(["message.part.delta"]);
  });

  test("the other hooks of 1.x", () => {
    fc.assert(
      fc.property(value, value, (input, output) => {
        expect(broken(insides.toldByPrompt(input, output, undefined, 1)?.lines ?? [])).toEqual([]);
        expect(broken(insides.toldByParams(input, 1)?.lines ?? [])).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  test("streams of 2.x", () => {
    const data = fc.oneof(payload, value);
    const type = fc.constantFrom(...V2_TYPES);
    const event = fc.record({ type, data, id: fc.constant("evt_1"), created: value, location: value });
    const made = new Map<string, number>();
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), value, (events, session) => {
        const reader = new insides.V2Reader();
        for (const each of events) {
          const lines = reader.read(each, 1)?.lines ?? [];
          if (lines.length > 0) made.set(each.type, (made.get(each.type) ?? 0) + 1);
          expect(broken(lines)).toEqual([]);
        }
        expect(broken(reader.learned("ses_1", session, 1))).toEqual([]);
      }),
      { numRuns: 2000 },
    );
    // Three make no line: they are remembered for those that follow. A delivery needs one of them before it.
    const silent = ["session.inbox.enqueued", "session.inbox.cancelled", "session.compaction.started"];
    const rare = V2_TYPES.filter((each) => (made.get(each) ?? 0) < (each.endsWith("delivered") ? 1 : 20));
    expect(rare).toEqual(silent);
  });

  test("anything at all is no event", () => {
    fc.assert(
      fc.property(fc.anything(), (anything) => {
        expect(broken(insides.toldByEvent(anything, undefined, 1)?.lines ?? [])).toEqual([]);
        expect(broken(new insides.V2Reader().read(anything, 1)?.lines ?? [])).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });
});

test("a provider's nonsense is counted as OpenCode counts it: below zero and not finite is 0", () => {
  const info = { id: "msg_1", sessionID: "ses_1", role: "assistant", cost: -1, time: { created: 1.9, completed: -5 } };
  const tokens = { input: -3, output: Number.NaN, reasoning: 7.9, cache: { read: 1e300, write: "9" } };
  const [line] =
    insides.toldByEvent({ type: "message.updated", properties: { info: { ...info, tokens } } }, undefined, 1)?.lines ??
    [];
  expect(JSON.parse(encode(line as Line))).toEqual({
    ...{ v: 1, type: "message.snapshot", at_ms: 1, conversation: "ses_1", message: "msg_1", created_ms: 1 },
    tokens: { input: 0, output: 0, reasoning: 7, cache_read: Number.MAX_SAFE_INTEGER, cache_write: 0 },
  });
});

describe("the installed plugin", () => {
  const home = scratch();
  const state = `${home.path}/.local/state/opencode-stats`;
  const printed = [spyOn(process.stdout, "write"), spyOn(process.stderr, "write"), spyOn(console, "error")];
  const before = process.env.HOME;
  beforeAll(() => {
    process.env.HOME = home.path;
    // What another test left to the whole process.
    delete (globalThis as Record<symbol, unknown>)[Symbol.for("opencode-stats.spool.v1")];
  });
  afterAll(() => {
    process.env.HOME = before;
    delete (globalThis as Record<symbol, unknown>)[Symbol.for("opencode-stats.spool.v1")];
    home[Symbol.dispose]();
  });

  test("throws nothing at OpenCode, whatever a hook is given", async () => {
    const { default: plugin } = await import(`${SHIPPED}?hostile`);
    const before = printed.map((spy) => spy.mock.calls.length);
    for (const input of [...TRAPS, { directory: trap() }]) expect(typeof (await plugin.server(input))).toBe("object");
    const hooks = await plugin.server({ directory: "/home/user" });
    for (const given of TRAPS) {
      for (const hook of ["event", "chat.message", "chat.params"]) {
        const call = hooks[hook](given, given);
        expect(call).toBeInstanceOf(Promise);
        expect(await call).toBeUndefined();
      }
    }
    await hooks["chat.message"]({ sessionID: "ses_1" }, { message: trap() });
    await hooks["chat.params"]({ agent: "title", sessionID: "ses_1", message: trap() });
    await hooks.event({ event: { id: "evt_1", type: "session.idle", properties: { sessionID: "ses_1" } } });
    await hooks.dispose();
    expect(printed.map((spy) => spy.mock.calls.length)).toEqual(before);
    expect(spoolLines(state).filter(({ type }) => type === "conversation.idle")).toHaveLength(1);
    expect(spoolText(state).trimEnd().split("\n").flatMap(faults)).toEqual([]);
  });

  test("does nothing at all where 1.x calls `setup`, or where a `ctx` cannot be used", async () => {
    const { default: plugin } = await import(`${SHIPPED}?crippled`);
    const before = spoolText(state);
    const crippled = { options: {}, agent: {}, aisdk: {}, catalog: {}, command: {}, integration: {}, plugin: {} };
    const unusable = [
      undefined,
      null,
      {},
      crippled,
      { event: {} },
      { event: { subscribe: true } },
      trap(),
      { event: trap() },
    ];
    for (const ctx of unusable) expect(plugin.setup(ctx)).toBeUndefined();
    expect(spoolText(state)).toBe(before);
  });

  test("a 2.x `ctx` of which everything else throws still gives a clean-up that works", async () => {
    const { default: plugin } = await import(`${SHIPPED}?partial`);
    const subscribe = (): never => {
      throw new Error("not now");
    };
    const cleanup = plugin.setup({ event: { subscribe } });
    expect(typeof cleanup).toBe("function");
    expect(await cleanup()).toBeUndefined();
    const refused = {
      event: { subscribe },
      get location() {
        throw new Error("no");
      },
    };
    expect(plugin.setup(refused)).toBeUndefined();
  });

  test("looks at nothing but the type of an event that is not forwarded", async () => {
    const { default: plugin } = await import(`${SHIPPED}?deltas`);
    const hooks = await plugin.server({ directory: "/home/user" });
    const looked: PropertyKey[] = [];
    const delta = new Proxy({ type: "message.part.delta" } as Record<PropertyKey, unknown>, {
      get(target, key) {
        looked.push(key);
        return target[key];
      },
    });
    await hooks.event({ event: delta });
    expect(looked).toEqual(["type"]);
    await hooks.dispose();
  });
});

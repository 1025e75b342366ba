/** The events of OpenCode 2.x, one by one, where the recordings do not reach. */
import { describe, expect, test } from "bun:test";
import { insides } from "./shipped.ts";

describe("what a delivery is recognised by", () => {
  test("its place in the log of its conversation, else its id", () => {
    const { keyOfV2 } = insides;
    expect(keyOfV2({ id: "evt_1", durable: { aggregateID: "ses_1", seq: 10, version: 1 } })).toBe("ses_1:10");
    expect(keyOfV2({ id: "evt_9", type: "session.usage.updated" })).toBe("evt_9");
    expect(keyOfV2({ durable: { aggregateID: "ses_1" } })).toBeUndefined();
  });
});

function started(extra: object = {}): object {
  return { id: "evt_s", type: "session.execution.started", data: { sessionID: "ses_1" }, ...extra };
}

describe("a conversation whose beginning was not heard", () => {
  const place = { location: { directory: "/here" } };
  const told = (type: string) => ({ id: "evt_1", type, ...place, data: { sessionID: "ses_1", ...place } });

  test("is asked for at its first event, once, whatever that is", () => {
    for (const type of ["session.execution.started", "session.usage.updated", "session.moved", "permission.asked"]) {
      const reader = new insides.V2Reader();
      expect([type, reader.read(told(type), 1)?.ask]).toEqual([type, "ses_1"]);
      expect(reader.read(told(type), 1)?.ask).toBeUndefined();
    }
  });

  test("others are not: one that begins, one that ends, the form of none", () => {
    for (const type of ["session.created", "session.forked", "session.deleted"]) {
      const reader = new insides.V2Reader();
      expect([type, reader.read(told(type), 1)?.ask]).toEqual([type, undefined]);
      expect(reader.read(told("session.execution.started"), 1)?.ask).toBeUndefined();
    }
    const form = { type: "form.created", data: { sessionID: "global", form: { id: "frm_1", sessionID: "global" } } };
    expect(new insides.V2Reader().read(form, 1)?.ask).toBeUndefined();
  });

  test("OpenCode's answer says what it has been charged so far", () => {
    const tokens = { input: 5, output: 4, reasoning: 3, cache: { read: 2, write: 1 } };
    const [seen, usage] = new insides.V2Reader().learned("ses_1", { ...place, cost: 0.5, tokens, title: "t" }, 7);
    expect(seen).toMatchObject({ type: "conversation.seen", change: "updated", directory: "/here" });
    expect(usage).toEqual({
      ...{ type: "conversation.usage", at_ms: 7, conversation: "ses_1", cost_usd: 0.5 },
      tokens: { input: 5, output: 4, reasoning: 3, cache_read: 2, cache_write: 1 },
    });
    expect(new insides.V2Reader().learned("ses_1", { tokens }, 7)).toHaveLength(1);
    expect(new insides.V2Reader().learned("ses_1", undefined, 7)).toEqual([]);
  });
});

describe("the directory of a conversation", () => {
  test("comes from its creation, then from a move, else from the event itself", () => {
    const reader = new insides.V2Reader();
    const tell = (event: object) => reader.read(event, 1)?.lines[0];
    const place = (directory: string) => ({ location: { directory } });
    const first = reader.read(started({ location: { directory: "/event" } }), 1);
    expect(first).toMatchObject({ ask: "ses_1", lines: [{ directory: "/event" }] });
    tell({ type: "session.created", data: { sessionID: "ses_1", ...place("/made") } });
    expect(tell(started({ location: { directory: "/event" } }))).toMatchObject({ directory: "/made" });
    expect(tell({ type: "session.moved", data: { sessionID: "ses_1", projectID: "p2", ...place("/moved") } })).toEqual({
      ...{ type: "conversation.seen", at_ms: 1, conversation: "ses_1", change: "updated" },
      ...{ directory: "/moved", project: "p2" },
    });
    expect(tell(started())).toMatchObject({ directory: "/moved" });
    expect(tell({ type: "session.deleted", data: { sessionID: "ses_1" } })).toMatchObject({ directory: "/moved" });
    expect(reader.read(started(), 1)?.ask).toBeUndefined();
  });

  test("is asked for where its beginning was heard and did not name it", () => {
    const reader = new insides.V2Reader();
    expect(reader.read({ type: "session.created", data: { sessionID: "ses_1" } }, 1)?.ask).toBe("ses_1");
    expect(reader.read(started(), 1)?.ask).toBeUndefined();
  });

  test("a fork names its source, which is no parent", () => {
    const event = {
      ...{ id: "evt_f", created: 7, type: "session.forked", location: { directory: "/fork" } },
      data: { sessionID: "ses_2", parentID: "ses_1", boundary: { type: "through", messageID: "msg_1" } },
    };
    expect(new insides.V2Reader().read(event, 1)?.lines).toEqual([
      {
        ...{ type: "conversation.seen", at_ms: 1, conversation: "ses_2", change: "created" },
        ...{ directory: "/fork", fork_of: "ses_1", created_ms: 7 },
      },
    ]);
  });
});

test("a step that is tried again keeps the moment it was made", () => {
  const reader = new insides.V2Reader();
  const data = { sessionID: "ses_1", assistantMessageID: "msg_1", agent: "build", model: { id: "m", providerID: "p" } };
  const start = (started: number) => ({ type: "session.step.started", created: started, data: { ...data, started } });
  reader.read(start(100), 1);
  reader.read({ type: "session.retry.scheduled", data }, 1);
  reader.read(start(200), 1);
  const ended = { type: "session.step.ended", created: 300, data: { ...data, finish: "stop", tokens: { input: 1 } } };
  const { agent: _agent, model: _model, ...bare } = data;
  expect(reader.read({ ...ended, data: { ...bare, tokens: { input: 1 }, cost: 2 } }, 1)?.lines).toMatchObject([
    { agent: "build", provider: "p", model: "m", created_ms: 100, completed_ms: 300, cost_usd: 2 },
  ]);
});

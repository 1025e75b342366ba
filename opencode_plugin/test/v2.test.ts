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

describe("the directory of a conversation", () => {
  test("comes from its creation, then from a move, else from the event itself", () => {
    const reader = new insides.V2Reader();
    const tell = (event: object) => reader.read(event, 1)?.lines[0];
    const place = (directory: string) => ({ location: { directory } });
    expect(tell(started({ location: { directory: "/event" } }))).toMatchObject({ directory: "/event" });
    tell({ type: "session.created", data: { sessionID: "ses_1", ...place("/made") } });
    expect(tell(started({ location: { directory: "/event" } }))).toMatchObject({ directory: "/made" });
    expect(tell({ type: "session.moved", data: { sessionID: "ses_1", projectID: "p2", ...place("/moved") } })).toEqual({
      ...{ type: "conversation.seen", at_ms: 1, conversation: "ses_1", change: "updated" },
      ...{ directory: "/moved", project: "p2" },
    });
    expect(tell(started())).toMatchObject({ directory: "/moved" });
    expect(tell({ type: "session.deleted", data: { sessionID: "ses_1" } })).toMatchObject({ directory: "/moved" });
    expect(reader.read(started(), 1)?.ask).toBe("ses_1");
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

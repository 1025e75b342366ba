/** OpenCode 2.x: one listener a process, handed over, read once. */
import { describe, expect, test } from "bun:test";
import type { Line } from "../src/line.ts";
import type { Source } from "../src/relay.ts";
import { FakeClock } from "./scratch.ts";
import { insides } from "./shipped.ts";

/** OpenCode's stream: every subscriber hears everything from then on, in order, until it is told to stop. */
class Bus {
  readonly open = new Set<{ queue: unknown[]; wake: () => void; done: boolean }>();
  subscriptions = 0;

  publish(event: unknown): void {
    for (const each of this.open) {
      each.queue.push(event);
      each.wake();
    }
  }

  end(): void {
    for (const each of this.open) {
      each.done = true;
      each.wake();
    }
    this.open.clear();
  }

  source(session: Source["session"] = async () => undefined): Source {
    return { session, subscribe: (signal) => this.subscribe(signal) };
  }

  subscribe(signal: AbortSignal): AsyncIterable<unknown> {
    this.subscriptions += 1;
    const own = { queue: [] as unknown[], wake: () => {}, done: false };
    this.open.add(own);
    signal.addEventListener("abort", () => {
      own.done = true;
      this.open.delete(own);
      own.wake();
    });
    return {
      async *[Symbol.asyncIterator]() {
        for (;;) {
          while (own.queue.length > 0) yield own.queue.shift();
          if (own.done) return;
          await new Promise<void>((resolve) => {
            own.wake = resolve;
          });
        }
      },
    };
  }
}

class Kept {
  readonly lines: Line[] = [];
  readonly keys: (string | undefined)[] = [];
  readonly #seen = new Set<string>();

  forward(key: string | undefined, lines: readonly Line[]): void {
    if (key !== undefined && this.#seen.has(key)) return;
    if (key !== undefined) this.#seen.add(key);
    this.keys.push(key);
    this.lines.push(...lines);
  }
}

function finished(number: number, extra: object = {}): object {
  const sessionID = `ses_${number}`;
  const durable = { aggregateID: sessionID, seq: 10, version: 1 };
  return {
    id: `evt_${number}`,
    created: 1,
    type: "session.execution.succeeded",
    durable,
    data: { sessionID },
    ...extra,
  };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

function conversations(kept: Kept): unknown[] {
  return kept.lines.map((line) => (line as { conversation?: string }).conversation);
}

describe("one listener", () => {
  test("however many instances; the next takes over, and nothing falls between or comes twice", async () => {
    const bus = new Bus();
    const kept = new Kept();
    const relay = new insides.Relay(kept, new FakeClock());
    const removals = [relay.add(bus.source()), relay.add(bus.source()), relay.add(bus.source())];
    expect(bus.subscriptions).toBe(1);
    bus.publish(finished(1));
    bus.publish(finished(2));
    // What was sent to the first before its end, and what comes while two listen.
    const removed = removals[0]?.();
    expect(bus.open.size).toBe(2);
    bus.publish(finished(3));
    await removed;
    expect(bus.open.size).toBe(1);
    bus.publish(finished(4));
    await turn();
    expect(conversations(kept)).toEqual(["ses_1", "ses_2", "ses_3", "ses_4"]);
    // One that does not listen goes without a trace.
    await removals[2]?.();
    expect(bus.subscriptions).toBe(2);
    await removals[1]?.();
    expect(bus.open.size).toBe(0);
    bus.publish(finished(5));
    await turn();
    expect(kept.lines).toHaveLength(4);
  });

  test("comes again when another instance comes after the last has gone", async () => {
    const bus = new Bus();
    const kept = new Kept();
    const relay = new insides.Relay(kept, new FakeClock());
    await relay.add(bus.source())();
    relay.add(bus.source());
    bus.publish(finished(1));
    await turn();
    expect(conversations(kept)).toEqual(["ses_1"]);
  });

  test("a stream that ends or refuses is opened again, on another instance first, ever more rarely", async () => {
    const bus = new Bus();
    const kept = new Kept();
    const clock = new FakeClock();
    const relay = new insides.Relay(kept, clock);
    let refusals = 0;
    const refusing: Source = {
      session: async () => undefined,
      subscribe: () => {
        refusals += 1;
        throw new Error("not now");
      },
    };
    relay.add(refusing);
    relay.add(bus.source());
    expect([refusals, bus.subscriptions]).toEqual([1, 0]);
    clock.pass(999);
    expect([refusals, bus.subscriptions]).toEqual([1, 0]);
    clock.pass(1);
    expect([refusals, bus.subscriptions]).toEqual([1, 1]);
    bus.publish(finished(1));
    await turn();
    bus.end();
    await turn();
    clock.pass(1000);
    expect([refusals, bus.subscriptions]).toEqual([2, 1]);
    clock.pass(2000);
    expect([refusals, bus.subscriptions]).toEqual([2, 2]);
    bus.publish(finished(2));
    await turn();
    expect(conversations(kept)).toEqual(["ses_1", "ses_2"]);
  });

  test("an instance that goes while the stream is being waited for is not listened to again", async () => {
    const clock = new FakeClock();
    const bus = new Bus();
    const relay = new insides.Relay(new Kept(), clock);
    const remove = relay.add(bus.source());
    bus.end();
    await turn();
    await remove();
    clock.pass(60_000);
    expect(bus.subscriptions).toBe(1);
  });

  test("an iterator whose return throws, rejects or never settles does not hold the clean-up", async () => {
    for (const end of [
      () => {
        throw new Error("no");
      },
      () => Promise.reject(new Error("no")),
      () => new Promise<never>(() => {}),
    ]) {
      const source: Source = {
        session: async () => undefined,
        subscribe: () => ({
          [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}), return: end }),
        }),
      };
      await new insides.Relay(new Kept(), new FakeClock()).add(source)();
    }
    await turn();
  });

  test("an event that throws is dropped, the stream goes on", async () => {
    const bus = new Bus();
    const kept = new Kept();
    new insides.Relay(kept, new FakeClock()).add(bus.source());
    bus.publish({
      type: "session.execution.succeeded",
      get data() {
        throw new Error("no");
      },
    });
    bus.publish(null);
    bus.publish(finished(1));
    await turn();
    expect(conversations(kept)).toEqual(["ses_1"]);
  });
});

describe("the directory of a conversation", () => {
  const started = (extra: object = {}) => ({
    id: "evt_s",
    type: "session.execution.started",
    data: { sessionID: "ses_1" },
    ...extra,
  });
  const directories = (kept: Kept) => kept.lines.map((line) => (line as { directory?: string }).directory);

  test("is asked for once where no event told it, and kept", async () => {
    const bus = new Bus();
    const kept = new Kept();
    const asked: string[] = [];
    const answer = { location: { directory: "/asked" }, parentID: "ses_0", projectID: "p", time: { created: 5 } };
    new insides.Relay(kept, new FakeClock()).add(
      bus.source(async (conversation) => {
        asked.push(conversation);
        return answer;
      }),
    );
    bus.publish(started({ id: "evt_1" }));
    bus.publish(started({ id: "evt_2" }));
    await turn();
    bus.publish(started({ id: "evt_3" }));
    await turn();
    expect(asked).toEqual(["ses_1"]);
    const learned = kept.lines.find(({ type }) => type === "conversation.seen");
    const at_ms = new FakeClock().now_ms();
    expect(learned).toEqual({
      ...{ type: "conversation.seen", at_ms, conversation: "ses_1", change: "updated" },
      ...{ parent: "ses_0", directory: "/asked", project: "p", created_ms: 5 },
    });
    expect(directories(kept).at(-1)).toBe("/asked");
  });

  test("is not asked for again where OpenCode does not know it", async () => {
    const bus = new Bus();
    const kept = new Kept();
    let asked = 0;
    new insides.Relay(kept, new FakeClock()).add(
      bus.source(() => {
        asked += 1;
        return Promise.reject(new Error("no such session"));
      }),
    );
    bus.publish(started({ id: "evt_1" }));
    await turn();
    bus.publish(started({ id: "evt_2" }));
    await turn();
    expect([asked, directories(kept)]).toEqual([1, [undefined, undefined]]);
  });
});

/** Every recorded payload, played to the installed file: the lines are the golden ones and keep every rule. */
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { play, steady } from "./play.ts";
import { faults, LINE_KEYS } from "./rules.ts";
import type { Parsed } from "./scratch.ts";
import { RECORDED, SHIPPED } from "./shipped.ts";

const RECORDINGS = readdirSync(RECORDED, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".jsonl"))
  .sort();
const GOLDEN = join(import.meta.dir, "golden");

interface Tokens {
  readonly input: number;
  readonly output: number;
  readonly reasoning: number;
  readonly cache: { readonly read: number; readonly write: number };
}

function fromHost({ input, output, reasoning, cache }: Tokens): Record<string, number> {
  return { input, output, reasoning, cache_read: cache.read, cache_write: cache.write };
}

function rowsOf(recording: string): Record<string, never>[] {
  return readFileSync(join(RECORDED, recording), "utf8")
    .split("\n")
    .filter((row) => row !== "")
    .map((row) => JSON.parse(row));
}

/** The last that was said of every message, with tokens. */
function lastSnapshots(lines: readonly Parsed[]): Map<string, Parsed> {
  const last = new Map<string, Parsed>();
  for (const line of lines) if (line.type === "message.snapshot") last.set(String(line.message), line);
  return last;
}

test("the contract's table is read: as many types as it has rows", () => {
  expect(LINE_KEYS.size).toBe(16);
  expect(LINE_KEYS.get("title.requested")).toEqual({
    needed: ["conversation", "message"],
    optional: ["provider", "model"],
  });
});

describe.each(RECORDINGS)("%s", (recording) => {
  const played = play(recording);

  test("gives the golden lines", () => {
    const rows = steady(played.lines).map((line) => `${JSON.stringify(line)}\n`);
    const golden = join(GOLDEN, recording.replaceAll("/", "."));
    if (process.env.UPDATE_GOLDEN && !process.env.CI) writeFileSync(golden, rows.join(""));
    expect(existsSync(golden)).toBe(true);
    expect(rows.join("")).toBe(readFileSync(golden, "utf8"));
  });

  test("keeps the rules of a line and prints nothing", () => {
    expect(played.lines.length).toBeGreaterThan(3);
    expect(played.text.trimEnd().split("\n").flatMap(faults)).toEqual([]);
    expect(played.printed).toBe("");
  });

  test("starts and ends the run", () => {
    expect(played.lines[0]?.type).toBe("run.started");
    expect(played.lines.at(-1)?.type).toBe("run.ended");
    expect(played.lines.filter(({ type }) => type === "run.ended")).toHaveLength(1);
  });

  test("says the same when two copies of the plugin hear everything", () => {
    const told = ({ type }: Parsed) => type !== "run.started";
    const doubled = steady(play(recording, [SHIPPED, `${SHIPPED}?copy`]).lines);
    expect(doubled.filter(told)).toEqual(steady(played.lines).filter(told));
    expect(doubled.filter(({ type }) => type === "run.started")).toHaveLength(2);
  });
});

describe("against what OpenCode itself said last", () => {
  test.each(RECORDINGS.filter((name) => !name.startsWith("v2")))("%s: every message's tokens, once", (recording) => {
    const expected = new Map<string, Record<string, number>>();
    for (const { payload } of rowsOf(recording) as unknown as { payload: { type?: string; properties?: never } }[]) {
      if (payload.type !== "message.updated") continue;
      const { info } = payload.properties as unknown as { info: { role: string; id: string; tokens: Tokens } };
      if (info.role === "assistant") expected.set(info.id, fromHost(info.tokens));
    }
    const told = [...lastSnapshots(play(recording).lines)].map(([id, line]) => [id, line.tokens]);
    expect(told).toEqual([...expected]);
    expect(expected.size).toBeGreaterThan(0);
  });

  test.each(RECORDINGS.filter((name) => name.startsWith("v2-constructed")))("%s: its header's totals", (recording) => {
    const { expected } = rowsOf(recording)[0] as unknown as {
      expected: {
        steps: Record<string, { model: string; provider: string; agent: string; tokens: Tokens | null; cost: number }>;
        prompts: string[];
        idle: [string, string][];
        sessions: Record<string, { parentID: string | null }>;
        compactions?: { messageID?: string; tokens: Tokens; cost: number }[];
      };
    };
    const { lines } = play(recording);
    const of = (type: string) => lines.filter((line) => line.type === type);
    const steps = [...lastSnapshots(lines).values()].filter((line) => line.summary !== true);
    expect(
      Object.fromEntries(
        steps.map(({ message, model, provider, agent, tokens, cost_usd }) => [
          message,
          { model, provider, agent, tokens, cost: cost_usd },
        ]),
      ),
    ).toEqual(
      Object.fromEntries(
        Object.entries(expected.steps).map(([id, { model, provider, agent, tokens, cost }]) => [
          id,
          { model, provider, agent, tokens: tokens ? fromHost(tokens) : undefined, cost: cost ?? undefined },
        ]),
      ),
    );
    // The header counts the user's own prompts; ours has those of parent agents too, which the exporter tells apart.
    const byUser = of("prompt.submitted").filter((line) => !expected.sessions[String(line.conversation)]?.parentID);
    expect(byUser.map(({ message }) => message)).toEqual(expected.prompts);
    expect(of("conversation.idle").map(({ conversation, outcome }) => [conversation, outcome])).toEqual(expected.idle);
    const compactions = [...lastSnapshots(lines).values()].filter((line) => line.summary === true);
    expect(compactions.map(({ tokens, cost_usd }) => ({ tokens, cost_usd }))).toEqual(
      (expected.compactions ?? []).map(({ tokens, cost }) => ({ tokens: fromHost(tokens), cost_usd: cost })),
    );
    for (const { messageID } of expected.compactions ?? []) {
      if (messageID) expect(compactions.map(({ message }) => message)).toContain(messageID);
    }
  });
});

/** A process that writes much: one part after the other, and its own oldest go where nobody takes them in. */
import { describe, expect, test } from "bun:test";
import * as fs from "node:fs";
import { join } from "node:path";
import { faulty } from "./faults.ts";
import { CAP, FULL, gone, lay, left, losses, MIB, ownName, settle } from "./laid.ts";
import { INSTANCE, idle, idles, numbered, recorderOn } from "./life.ts";
import { FakeHost, type Parsed, scratch, spoolLines } from "./scratch.ts";

describe("a process that writes much", () => {
  const LONG = "w".repeat(4000);
  /** Some four kilobytes. */
  const line = (number: number) => ({ ...idle(number), directory: LONG }) as never;

  test("goes on in the next part when a file is full, and loses nothing", () => {
    using home = scratch();
    const host = new FakeHost(home.path);
    const recorder = recorderOn(host);
    const leave = recorder.enter(INSTANCE);
    const many = Math.ceil((2.5 * FULL) / 4100);
    for (let number = 0; number < many; number += 1) recorder.forward(undefined, [line(number)]);
    leave();
    const base = ownName().replace(".jsonl", "");
    expect(left(host)).toEqual([`${base}.1.jsonl`, `${base}.2.jsonl`, `${base}.jsonl`]);
    const parts = ["", ".1", ".2"].map((part) =>
      fs.readFileSync(join(host.state, "spool", `${base}${part}.jsonl`), "utf8"),
    );
    expect(parts.map((text) => text.length >= FULL)).toEqual([true, true, false]);
    expect(parts.map((text) => text.length < FULL + 8192)).toEqual([true, true, true]);
    const lines = parts.flatMap((text) =>
      text
        .trimEnd()
        .split("\n")
        .map((row) => JSON.parse(row) as Parsed),
    );
    expect(idles(lines)).toEqual(numbered(many));
    // The process's own first line begins each of them.
    expect(lines.filter(({ type }) => type === "run.started")).toHaveLength(3);
    expect(new Set(lines.filter(({ type }) => type === "run.started").map((each) => JSON.stringify(each))).size).toBe(
      1,
    );
    expect(parts.map((text) => text.startsWith('{"v":1,"type":"run.started"'))).toEqual([true, true, true]);
    expect(lines.at(-1)?.type).toBe("run.ended");
  });

  test("in a burst that was held back, too", () => {
    using home = scratch();
    let broken = true;
    const host = new FakeHost(
      home.path,
      faulty((_call, _name, args) => (broken && String(args[0]).includes("/spool") ? "fails" : "works")),
    );
    const path = lay(host, ownName(), { bytes: 500 });
    fs.appendFileSync(path, `\n${" ".repeat(FULL - 10_501)}\n`);
    const recorder = recorderOn(host);
    recorder.enter(INSTANCE);
    for (let number = 0; number < 20; number += 1) recorder.forward(undefined, [line(number)]);
    broken = false;
    host.clock.pass(1000);
    expect(left(host)).toEqual([ownName().replace(".jsonl", ".1.jsonl"), ownName()].sort());
    expect(fs.statSync(path).size).toBeLessThan(FULL + 8192);
    expect(idles(spoolLines(host.state))).toEqual([...numbered(20, 3).slice(0, 17), "ses_1", ...numbered(3)]);
  });

  test("a copy of the plugin that finds full parts goes on in the first that is not", () => {
    using home = scratch();
    const host = new FakeHost(home.path);
    lay(host, ownName());
    lay(host, ownName().replace(".jsonl", ".1.jsonl"));
    recorderOn(host).enter(INSTANCE);
    expect(left(host)).toContain(ownName().replace(".jsonl", ".2.jsonl"));
    expect(fs.statSync(join(host.state, "spool", ownName())).size).toBe(FULL);
  });

  test("another copy's writing is seen: it, too, leaves the file that the other has filled", () => {
    using home = scratch();
    const host = new FakeHost(home.path);
    const recorder = recorderOn(host);
    recorder.enter(INSTANCE);
    fs.appendFileSync(join(host.state, "spool", ownName()), `${JSON.stringify({ padding: "x".repeat(FULL) })}\n`);
    const full = fs.statSync(join(host.state, "spool", ownName())).size;
    recorder.forward("evt_1", [idle(1)]);
    expect(fs.statSync(join(host.state, "spool", ownName())).size).toBe(full);
    expect(fs.existsSync(join(host.state, "spool", ownName().replace(".jsonl", ".1.jsonl")))).toBe(true);
  });

  test("keeps within the bound for ever: its own oldest parts go, and what went is told", () => {
    using home = scratch();
    const host = new FakeHost(home.path);
    const base = ownName().replace(".jsonl", "");
    const recorder = recorderOn(host);
    recorder.enter(INSTANCE);
    settle(host);
    let written = 0;
    let most = 0;
    for (let round = 0; round < 100; round += 1) {
      for (let each = 0; each < 256; each += 1) {
        recorder.forward(undefined, [line(written)]);
        written += 1;
      }
      settle(host);
      const sizes = left(host).map((name) => fs.statSync(join(host.state, "spool", name)).size);
      most = Math.max(
        most,
        sizes.reduce((sum, size) => sum + size, 0),
      );
    }
    expect(written * 4100).toBeGreaterThan(CAP + 3 * FULL);
    expect(most).toBeLessThan(CAP + MIB + FULL / 8);
    const there = spoolLines(host.state);
    expect(there.some(({ type }) => type === "torn")).toBe(false);
    expect(left(host)).not.toContain(`${base}.jsonl`);
    const kept = new Set(idles(there)).size;
    const told = losses(host).reduce((sum, { lines }) => sum + (lines as number), 0);
    const openings = losses(host).length;
    // Each part that went had the process's first line besides, the first one the workspace too.
    expect(kept + told - openings - 1).toBe(written);
  });

  test("without /proc, too: its own parts go, and nobody else's", () => {
    using home = scratch();
    const host = new FakeHost(
      home.path,
      faulty((_call, _name, args) => (String(args[0]).startsWith("/proc/") ? "fails" : "works")),
    );
    const own = `${process.pid}-0-0`;
    const others = ["1-0-0.jsonl", "77-77-11111111.jsonl", gone(1)];
    for (const name of others) lay(host, name, { written_s: 1 });
    const parts = ["", ".1", ".2", ".3", ".4", ".5"].map((part) => `${own}${part}.jsonl`);
    for (const [age, name] of parts.entries()) lay(host, name, { written_s: 100 + age });
    recorderOn(host).enter(INSTANCE);
    settle(host);
    expect(left(host)).toEqual([...others, ...parts.slice(2), `${own}.6.jsonl`].sort());
  });
});

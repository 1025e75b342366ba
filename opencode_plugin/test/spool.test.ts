/** The spool under every fault of the disk: nothing is thrown, nothing is lost unsaid, no line spoils another. */
import { describe, expect, test } from "bun:test";
import * as fs from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import type { Files } from "../src/host.ts";
import { type Fate, faulty } from "./faults.ts";
import { INSTANCE, idle, idles, live, markers, numbered, onlyFile, recorderOn } from "./life.ts";
import { faults } from "./rules.ts";
import { FakeHost, type Parsed, scratch, spoolLines, spoolText } from "./scratch.ts";

describe("a sound disk", () => {
  test("folders are 0700, the file 0600, and the lines are there at once", () => {
    using home = scratch();
    const host = new FakeHost(home.path);
    const recorder = recorderOn(host);
    recorder.enter(INSTANCE);
    recorder.forward("evt_0", [idle(0)]);
    expect(fs.statSync(host.state).mode & 0o777).toBe(0o700);
    expect(fs.statSync(join(host.state, "spool")).mode & 0o777).toBe(0o700);
    expect(fs.statSync(onlyFile(host)).mode & 0o777).toBe(0o600);
    expect(spoolLines(host.state).map(({ type }) => type)).toEqual([
      "run.started",
      "workspace.opened",
      "conversation.idle",
    ]);
    expect(markers(host)).toEqual([]);
  });

  test("one line is one write", () => {
    using home = scratch();
    const written: number[] = [];
    const host = new FakeHost(
      home.path,
      faulty((_call, name, args) => {
        if (name === "writeSync") written.push(args[3] as number);
        return "works";
      }),
    );
    live(host, 3);
    const rows = spoolText(host.state).trimEnd().split("\n");
    expect(written).toEqual(rows.map((row) => Buffer.byteLength(row) + 1));
  });

  test("a file that was deleted under us comes again, with its first line", () => {
    using home = scratch();
    const host = new FakeHost(home.path);
    const recorder = recorderOn(host);
    recorder.enter(INSTANCE);
    const [started] = spoolLines(host.state);
    fs.rmSync(host.state, { recursive: true });
    recorder.forward("evt_1", [idle(1)]);
    expect(spoolLines(host.state)).toEqual([started as Parsed, { v: 1, ...idle(1) } as Parsed]);
  });

  test("a descriptor that became another file's behind its back is left alone", () => {
    using home = scratch();
    let opened = -1;
    const files = new Proxy(fs, {
      get: (real, name: keyof Files) =>
        name === "openSync"
          ? (path: string, flags: number, mode: number) => {
              const fd = fs.openSync(path, flags, mode);
              if (path.endsWith(".jsonl") && (flags & fs.constants.O_APPEND) !== 0) opened = fd;
              return fd;
            }
          : real[name],
    });
    const host = new FakeHost(home.path, files);
    const recorder = recorderOn(host);
    recorder.enter(INSTANCE);
    fs.closeSync(opened);
    const victim = join(home.path, "victim");
    expect(fs.openSync(victim, "w")).toBe(opened);
    const taken = opened;
    recorder.forward("evt_0", [idle(0)]);
    expect(fs.readFileSync(victim, "utf8")).toBe("");
    expect(fs.writeSync(taken, "mine")).toBe(4);
    fs.closeSync(taken);
    expect(idles(spoolLines(host.state))).toEqual(["ses_0"]);
  });

  test("a file that is there already is gone on with, half a line in it is ended", () => {
    using home = scratch();
    const host = new FakeHost(home.path);
    live(host, 1);
    const path = onlyFile(host);
    fs.appendFileSync(path, '{"v":1,"type":"conversation.id');
    live(host, 1);
    const types = spoolLines(host.state).map(({ type }) => type);
    const life = ["run.started", "workspace.opened", "conversation.idle", "workspace.closed", "run.ended"];
    expect(types).toEqual([...life, "torn", ...life]);
  });

  test("a link, a pipe or a folder in the file's place is not written to", () => {
    using home = scratch();
    const host = new FakeHost(home.path);
    live(host, 1);
    const path = onlyFile(host);
    const victim = join(home.path, "victim");
    const link = () => fs.symlinkSync(victim, path);
    for (const [content, lay] of [
      ["mine", link],
      ["", link],
      ["mine", () => Bun.spawnSync(["mkfifo", path])],
      ["mine", () => fs.mkdirSync(path)],
    ] as const) {
      fs.writeFileSync(victim, content);
      fs.rmSync(path, { recursive: true });
      lay();
      live(host, 2);
      expect(fs.readFileSync(victim, "utf8")).toBe(content);
      expect(markers(host)).toHaveLength(1);
    }
  });
});

describe("one call fails", () => {
  const total = (() => {
    using home = scratch();
    const files = faulty(() => "works");
    live(new FakeHost(home.path, files));
    return files.calls;
  })();

  test("there are many calls to fail", () => {
    expect(total).toBeGreaterThan(30);
  });

  test.each(["fails", "half"] as const)("the Nth of them %s: every line is kept, once, for every N", (fate) => {
    for (let bad = 1; bad <= total; bad += 1) {
      using home = scratch();
      const host = new FakeHost(
        home.path,
        faulty((call) => (call === bad ? fate : "works")),
      );
      live(host);
      // When it is the very last line that fails, the process's exit writes it.
      host.exits[0]?.();
      const lines = spoolLines(host.state);
      const torn = lines.filter(({ type }) => type === "torn").length;
      const whole = lines.filter(({ type }) => type !== "torn");
      expect({ bad, idles: idles(whole), first: whole[0]?.type, last: whole.at(-1)?.type }).toEqual({
        ...{ bad, idles: numbered(6), first: "run.started", last: "run.ended" },
      });
      expect(whole.filter(({ type }) => type === "spool.lost")).toEqual([]);
      expect(markers(host)).toEqual([]);
      // What is torn is a line of its own, and comes again whole.
      expect(torn).toBeLessThanOrEqual(fate === "half" ? 1 : 0);
    }
  });

  test("any calls fail, in any order: no line comes twice, whole lines keep the rules, and at the end all is there", () => {
    const fates = fc.array(fc.constantFrom<Fate>("works", "works", "fails", "half"), { maxLength: 120 });
    fc.assert(
      fc.property(fates, (script) => {
        using home = scratch();
        const host = new FakeHost(
          home.path,
          faulty((call) => script[call - 1] ?? "works"),
        );
        live(host);
        for (let exits = 0; exits < 120; exits += 1) host.exits[0]?.();
        const whole = spoolLines(host.state).filter(({ type }) => type !== "torn");
        expect(whole.flatMap((line) => faults(JSON.stringify(line)))).toEqual([]);
        expect(idles(spoolLines(host.state))).toEqual(numbered(6));
        expect(markers(host)).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});

/** The spool under every fault of the disk: nothing is thrown, nothing is lost unsaid, no line spoils another. */
import { describe, expect, test } from "bun:test";
import * as fs from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
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
    fs.writeFileSync(victim, "mine");
    for (const lay of [
      () => fs.symlinkSync(victim, path),
      () => Bun.spawnSync(["mkfifo", path]),
      () => fs.mkdirSync(path),
    ]) {
      fs.rmSync(path, { recursive: true });
      lay();
      live(host, 2);
      expect(fs.readFileSync(victim, "utf8")).toBe("mine");
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
      const lines = spoolLines(host.state);
      const found = {
        bad,
        idles: idles(lines),
        first: lines[0]?.type,
        last: lines.at(-1)?.type,
        markers: markers(host),
      };
      // When it is the very last line that fails, it is held to the end, and the exit writes it.
      if (found.last !== "run.ended") for (const exit of host.exits) exit();
      const last = spoolLines(host.state).at(-1)?.type;
      expect({ ...found, last, markers: markers(host) }).toEqual({
        ...{ bad, idles: numbered(6), first: fate === "half" ? lines[0]?.type : "run.started" },
        ...{ last: "run.ended", markers: [] },
      });
      expect(lines.filter(({ type }) => type === "spool.lost")).toEqual([]);
      expect(["run.started", "torn"]).toContain(lines[0]?.type ?? "");
      // What is torn is a line of its own, and comes again whole.
      expect(lines.filter(({ type }) => type === "torn").length).toBeLessThanOrEqual(fate === "half" ? 1 : 0);
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

/** A disk that stays broken, or is full: OpenCode is not disturbed, and what is missing is said somewhere. */
import { describe, expect, test } from "bun:test";
import * as fs from "node:fs";
import { join } from "node:path";
import { faulty } from "./faults.ts";
import { INSTANCE, idle, idles, markers, numbered, recorderOn } from "./life.ts";
import { faults } from "./rules.ts";
import { FakeHost, scratch, spoolLines, spoolText } from "./scratch.ts";
import { insides } from "./shipped.ts";

describe("a disk that stays broken", () => {
  test("costs one attempt a second, says what is missing, and all is written when it is mended", () => {
    using home = scratch();
    let broken = true;
    const opened: string[] = [];
    const files = faulty((_call, name, args) => {
      if (name === "openSync") opened.push(String(args[0]));
      return broken && String(args[0]).includes("/spool") ? "fails" : "works";
    });
    const host = new FakeHost(home.path, files);
    const recorder = recorderOn(host);
    recorder.enter(INSTANCE);
    const before = files.calls;
    for (let number = 0; number < 100; number += 1) recorder.forward(`evt_${number}`, [idle(number)]);
    expect(files.calls).toBe(before);
    expect(markers(host)).toEqual([
      {
        schemaVersion: 1,
        pid: host.pid,
        lines: 1,
        reason: "EIO",
        firstMs: host.clock.now_ms(),
        lastMs: host.clock.now_ms(),
      } as never,
    ]);
    host.clock.time_ms += 1000;
    recorder.forward("evt_100", [idle(100)]);
    expect(markers(host)[0]).toMatchObject({ lines: 102, reason: "EIO" });
    broken = false;
    host.clock.pass(60_000);
    expect(idles(spoolLines(host.state))).toEqual(numbered(101));
    expect(markers(host)).toEqual([]);
    expect(fs.readdirSync(join(host.state, "losses"))).toEqual([]);
    expect(spoolLines(host.state).some(({ type }) => type === "spool.lost")).toBe(false);
  });

  test("is tried ever more rarely while nothing happens, never twice at a time", () => {
    using home = scratch();
    const host = new FakeHost(
      home.path,
      faulty(() => "fails"),
    );
    recorderOn(host).enter(INSTANCE);
    const tries: number[] = [];
    for (let second = 1; second <= 300; second += 1) {
      const before = (host.files as ReturnType<typeof faulty>).calls;
      host.clock.pass(1000);
      if ((host.files as ReturnType<typeof faulty>).calls > before) tries.push(second);
      expect(host.clock.waiting).toBe(1);
    }
    expect(tries).toEqual([1, 3, 7, 15, 31, 63, 123, 183, 243]);
  });

  test("holds back a thousand lines, and says how many older ones it lost", () => {
    using home = scratch();
    let broken = true;
    const host = new FakeHost(
      home.path,
      faulty((_call, _name, args) => (broken && String(args[0]).includes("/spool") ? "fails" : "works")),
    );
    const recorder = recorderOn(host);
    const leave = recorder.enter({ ...INSTANCE, directory: undefined });
    for (let number = 0; number < 1200; number += 1) recorder.forward(undefined, [idle(number)]);
    host.clock.pass(1000);
    expect(markers(host)[0]).toMatchObject({ lines: 1200, firstMs: idle(0).at_ms, lastMs: idle(1199).at_ms });
    broken = false;
    leave();
    const lines = spoolLines(host.state);
    // The end of the run is a line too: it pushes out one more.
    expect(lines.map(({ type }) => type).slice(0, 2)).toEqual(["run.started", "spool.lost"]);
    expect(lines[1]).toMatchObject({ lines: 201, reason: "EIO", first_ms: idle(0).at_ms, last_ms: idle(200).at_ms });
    expect(idles(lines)).toEqual(numbered(999, 201));
    expect(lines.at(-1)?.type).toBe("run.ended");
    expect(markers(host)).toEqual([]);
    expect(spoolText(host.state).trimEnd().split("\n").flatMap(faults)).toEqual([]);
  });

  test("holds back at most one MiB", () => {
    using home = scratch();
    let broken = true;
    const host = new FakeHost(
      home.path,
      faulty((_call, _name, args) => (broken && String(args[0]).includes("/spool") ? "fails" : "works")),
    );
    const recorder = recorderOn(host);
    recorder.enter({ ...INSTANCE, directory: undefined });
    const long = "x".repeat(4096);
    for (let number = 0; number < 500; number += 1) {
      recorder.forward(undefined, [{ type: "prompt.submitted", at_ms: number, conversation: long, message: long }]);
    }
    host.clock.pass(1000);
    expect(markers(host)[0]).toMatchObject({ lines: 500, firstMs: 0, lastMs: 499 });
    broken = false;
    host.clock.pass(60_000);
    const lines = spoolLines(host.state);
    const kept = lines.filter(({ type }) => type === "prompt.submitted");
    expect(kept.length).toBeGreaterThan(100);
    expect(lines[1]).toMatchObject({ type: "spool.lost", first_ms: 0, lines: 500 - kept.length });
    expect(kept.map(({ at_ms }) => at_ms)).toEqual(kept.map((_line, index) => 500 - kept.length + index));
    const [, , ...rows] = spoolText(host.state).split("\n");
    expect(Buffer.byteLength(rows.join("\n"))).toBeLessThanOrEqual(1024 * 1024);
  });

  test("the marker goes where there is room for it: the state folder, the run-time folder, the temporary one", () => {
    for (const [broken, place] of [
      ["/spool", ".local/state/opencode-stats/losses"],
      ["/.local", "runtime/opencode-stats-losses"],
      ["/runtime", `tmp/opencode-stats-losses-${process.getuid?.()}`],
    ] as const) {
      using home = scratch();
      const files = faulty((_call, _name, args) => {
        const path = String(args[0]);
        return path.includes(broken) || path.includes("/spool") || (broken === "/runtime" && path.includes("/.local"))
          ? "fails"
          : "works";
      });
      const host = new FakeHost(home.path, files);
      fs.mkdirSync(join(home.path, "runtime"));
      host.env.XDG_RUNTIME_DIR = join(home.path, "runtime");
      recorderOn(host).enter(INSTANCE);
      const names = fs.readdirSync(join(home.path, place));
      expect(names).toHaveLength(1);
      expect(names[0]).toMatch(/^\d+-\d+-[0-9a-f]{8}\.json$/);
      expect(fs.statSync(join(home.path, place, names[0] ?? "")).mode & 0o777).toBe(0o600);
    }
  });

  test("a folder in a shared place that is a link or that others may write to is not trusted", () => {
    using home = scratch();
    const host = new FakeHost(
      home.path,
      faulty((_call, _name, args) => (String(args[0]).includes("/.local") ? "fails" : "works")),
    );
    const place = join(home.path, "tmp", `opencode-stats-losses-${host.uid}`);
    const elsewhere = join(home.path, "elsewhere");
    fs.mkdirSync(elsewhere);
    fs.symlinkSync(elsewhere, place);
    recorderOn(host).enter(INSTANCE);
    expect(fs.readdirSync(elsewhere)).toEqual([]);
    fs.unlinkSync(place);
    fs.mkdirSync(place);
    fs.chmodSync(place, 0o777);
    recorderOn(host).enter(INSTANCE);
    expect(fs.readdirSync(place)).toEqual([]);
    fs.chmodSync(place, 0o700);
    // One that is another user's, as this user sees it.
    const foreign = join(home.path, "tmp", "opencode-stats-losses-12345");
    fs.mkdirSync(foreign, { mode: 0o700 });
    host.uid = 12_345;
    recorderOn(host).enter(INSTANCE);
    expect(fs.readdirSync(foreign)).toEqual([]);
    host.uid = fs.statSync(foreign).uid;
    recorderOn(host).enter(INSTANCE);
    expect(fs.readdirSync(place)).toHaveLength(1);
  });
});

describe("a disk that is really full", () => {
  test("the kernel's own ENOSPC: lines are held, and written when there is room", () => {
    using home = scratch();
    let full = true;
    const device = fs.openSync("/dev/full", fs.constants.O_WRONLY);
    const files = faulty(() => "works");
    const diverted = new Proxy(files, {
      get: (real, name: keyof typeof files) =>
        name === "writeSync" && full
          ? (_fd: number, bytes: Uint8Array, from: number, length: number) => fs.writeSync(device, bytes, from, length)
          : real[name],
    });
    const host = new FakeHost(home.path, diverted);
    host.env.XDG_RUNTIME_DIR = join(home.path, "tmp");
    const recorder = recorderOn(host);
    recorder.enter(INSTANCE);
    for (let number = 0; number < 5; number += 1) recorder.forward(undefined, [idle(number)]);
    expect(spoolText(host.state)).toBe("");
    expect(markers(host)).toEqual([]);
    full = false;
    host.clock.pass(1000);
    expect(spoolLines(host.state)[0]?.type).toBe("run.started");
    expect(idles(spoolLines(host.state))).toEqual(numbered(5));
    fs.closeSync(device);
  });

  test("a small file system that fills up and is emptied", () => {
    using home = scratch();
    const disk = join(home.path, ".local");
    fs.mkdirSync(disk);
    const mounted = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk]).exitCode === 0;
    // Without the right to mount there is no second disk; /dev/full above is the same errno from the same kernel.
    if (!mounted) return expect(process.getuid?.()).not.toBe(0);
    try {
      const host = new FakeHost(home.path);
      fs.mkdirSync(join(home.path, "runtime"));
      host.env.XDG_RUNTIME_DIR = join(home.path, "runtime");
      const recorder = recorderOn(host);
      const leave = recorder.enter(INSTANCE);
      const ballast = join(disk, "ballast");
      fs.writeFileSync(ballast, "");
      try {
        for (;;) fs.appendFileSync(ballast, Buffer.alloc(512));
      } catch (error) {
        expect(insides.reasonOf(error)).toBe("ENOSPC");
      }
      for (let number = 0; number < 400; number += 1) {
        recorder.forward(undefined, [idle(number)]);
        host.clock.pass(100);
      }
      expect(idles(spoolLines(host.state)).length).toBeLessThan(400);
      const [marker] = markers(host);
      expect(marker).toMatchObject({ reason: "ENOSPC" });
      expect(fs.readdirSync(join(home.path, "runtime", "opencode-stats-losses"))).toHaveLength(1);
      fs.rmSync(ballast);
      leave();
      const lines = spoolLines(host.state);
      expect(idles(lines)).toEqual(numbered(400));
      expect(lines.at(-1)?.type).toBe("run.ended");
      expect(lines.filter(({ type }) => type === "spool.lost")).toEqual([]);
      expect(markers(host)).toEqual([]);
    } finally {
      // Lazily: the recorder still has its file open.
      Bun.spawnSync(["umount", "-l", disk]);
    }
    return undefined;
  });

  test("a folder that cannot be written to", () => {
    using home = scratch();
    const host = new FakeHost(home.path);
    // A file where the folder should be stops root too (ENOTDIR), as missing rights stop everybody else (EACCES).
    fs.mkdirSync(join(home.path, ".local"));
    fs.writeFileSync(join(home.path, ".local/state"), "");
    const recorder = recorderOn(host);
    recorder.enter(INSTANCE);
    host.clock.time_ms += 1000;
    recorder.forward("evt_0", [idle(0)]);
    expect(markers(host)).toMatchObject([{ lines: 2, reason: "ENOTDIR" }]);
    fs.unlinkSync(join(home.path, ".local/state"));
    host.clock.pass(1000);
    expect(idles(spoolLines(host.state))).toEqual(["ses_0"]);
    expect(markers(host)).toEqual([]);
  });
});

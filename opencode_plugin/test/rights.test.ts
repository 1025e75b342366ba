/** What the plugin makes is its owner's alone whatever the umask, and a stranger in its place is left alone. */
import { describe, expect, test } from "bun:test";
import * as fs from "node:fs";
import { join } from "node:path";
import { name } from "../src/reading.ts";
import { type Fate, faulty } from "./faults.ts";
import { INSTANCE, idle, live, markers, onlyFile, recorderOn } from "./life.ts";
import { FakeHost, scratch, spoolLines } from "./scratch.ts";

function modes(folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of fs.readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const { mode } = fs.lstatSync(join(folder, entry));
    found[entry.replace(/[^/]*\.json(l?)$/, "file.json$1")] = (mode & 0o777).toString(8);
  }
  return found;
}

describe.each([0o000, 0o022, 0o077, 0o277, 0o777])("under the umask %o", (umask) => {
  test("the spool", () => {
    using home = scratch();
    const host = new FakeHost(home.path);
    const before = process.umask(umask);
    try {
      live(host, 2);
    } finally {
      process.umask(before);
    }
    expect(modes(join(home.path, ".local"))).toEqual({
      state: "700",
      "state/opencode-stats": "700",
      "state/opencode-stats/spool": "700",
      "state/opencode-stats/spool/file.jsonl": "600",
    });
    expect(markers(host)).toEqual([]);
  });

  test("the loss marker", () => {
    using home = scratch();
    const fate = (_call: number, called: string): Fate => (called === "fstatSync" ? "fails" : "works");
    const host = new FakeHost(home.path, faulty(fate));
    const before = process.umask(umask);
    try {
      live(host, 2);
    } finally {
      process.umask(before);
    }
    expect(modes(join(home.path, ".local/state/opencode-stats/losses"))).toEqual({ "file.json": "600" });
    expect(fs.statSync(join(home.path, ".local/state/opencode-stats/losses")).mode & 0o777).toBe(0o700);
  });
});

describe("in the place of the spool's folder", () => {
  const strangers: Record<string, (spool: string, victim: string) => void> = {
    "a link": (spool, victim) => fs.symlinkSync(victim, spool),
    "a folder that everybody may write to": (spool) => {
      fs.mkdirSync(spool);
      fs.chmodSync(spool, 0o777);
    },
    "a file": (spool) => fs.writeFileSync(spool, "precious"),
  };
  test.each(Object.entries(strangers))("%s", (_kind, put) => {
    using home = scratch();
    const host = new FakeHost(home.path);
    const victim = join(home.path, "victim");
    fs.mkdirSync(victim, 0o700);
    fs.mkdirSync(host.state, { recursive: true });
    const spool = join(host.state, "spool");
    put(spool, victim);
    const recorder = recorderOn(host);
    recorder.enter(INSTANCE);
    recorder.forward("evt_0", [idle(0)]);
    expect(fs.readdirSync(victim)).toEqual([]);
    expect(markers(host)).toHaveLength(1);
    // Put right by its owner, nothing is missing.
    fs.rmSync(spool, { recursive: true });
    host.clock.pass(120_000);
    expect(spoolLines(host.state).map(({ type }) => type)).toEqual([
      "run.started",
      "workspace.opened",
      "conversation.idle",
    ]);
    expect(markers(host)).toEqual([]);
  });

  test("somebody else's folder or file", () => {
    using home = scratch();
    const host = new FakeHost(home.path);
    live(host, 1);
    const size = fs.statSync(onlyFile(host)).size;
    const stranger = new FakeHost(home.path);
    stranger.uid = host.uid + 1;
    live(stranger, 1);
    expect(fs.statSync(onlyFile(host)).size).toBe(size);
  });
});

describe("names", () => {
  test("one that is too long is known by its beginning and its digest, as the exporter keeps it", () => {
    const longest = "ä".repeat(4096);
    expect(name(longest)).toBe(longest);
    // The same digest as in tests/unit/core/test_bounds.py.
    expect(name(`${longest}ä`)).toBe(`${"ä".repeat(64)}…ca8118af48f16de033222d1d6f2fb3a8`);
    expect(name(`${longest}b`)).not.toBe(name(`${longest}ä`));
    expect(name("x".repeat(2 ** 20))).toHaveLength(97);
  });

  test("characters count, not the halves of surrogate pairs", () => {
    const faces = "😀".repeat(4096);
    expect(name(faces)).toBe(faces);
    expect(name(`${faces}😀`)).toStartWith(`${"😀".repeat(64)}…`);
  });

  test("what is no name is none", () => {
    for (const value of ["", undefined, 7, "\ud800", "\ud800".repeat(5000)]) expect(name(value)).toBeUndefined();
  });
});

/** A spool that no exporter takes in: it stays within its bound, what lives stays, and what went is written down. */
import { describe, expect, test } from "bun:test";
import * as fs from "node:fs";
import { join } from "node:path";
import { faulty } from "./faults.ts";
import { BOOT, FULL, GONE, gone, LONG_AGO_S, lay, left, losses, MIB, OWN, ownName, settle } from "./laid.ts";
import { INSTANCE, idle, recorderOn } from "./life.ts";
import { faults } from "./rules.ts";
import { FakeHost, scratch } from "./scratch.ts";

describe("a folder within its bound", () => {
  test("is left alone", () => {
    using home = scratch();
    const host = new FakeHost(home.path);
    const names = Array.from({ length: 7 }, (_none, number) => gone(number));
    for (const name of names) lay(host, name);
    recorderOn(host).enter(INSTANCE);
    settle(host);
    expect(left(host)).toEqual([...names, ownName()].sort());
    expect(losses(host)).toEqual([]);
  });

  test("is not looked at while OpenCode starts, and in turns afterwards", () => {
    using home = scratch();
    const looked: number[] = [];
    const host: FakeHost = new FakeHost(
      home.path,
      faulty((_call, name, args) => {
        const inSpool = String(args[0]).includes("/spool/") && name === "lstatSync";
        if (name === "readdirSync" || inSpool) looked.push(turn);
        return "works";
      }),
    );
    let turn = 0;
    for (let number = 0; number < 1000; number += 1) lay(host, gone(number), { bytes: 500 });
    recorderOn(host).enter(INSTANCE);
    host.clock.pass(999);
    expect(looked).toEqual([]);
    for (turn = 1; turn <= 8; turn += 1) host.clock.pass(1);
    const inTurn = (number: number) => looked.filter((each) => each === number).length;
    // The folder and the first of 1,001 files, then the rest.
    expect([1, 2, 3, 4, 5, 6, 7].map(inTurn)).toEqual([201, 200, 200, 200, 200, 1, 0]);
  });
});

describe("a folder that has grown beyond it", () => {
  test("loses its oldest files, no more than it must, and each loss is written down", () => {
    using home = scratch();
    const host = new FakeHost(home.path);
    for (let number = 0; number < 10; number += 1) {
      // Not in the order of their names.
      lay(host, gone(number), { written_s: LONG_AGO_S + ((number * 7) % 10), lines: [JSON.stringify(idle(number))] });
    }
    recorderOn(host).enter(INSTANCE);
    settle(host);
    // Ten times 8 MiB and our own: 0, 3 and 6 are the oldest.
    expect(left(host)).toEqual([1, 2, 4, 5, 7, 8, 9].map(gone).concat(ownName()).sort());
    expect(losses(host).map(({ at_ms: _when, ...loss }) => loss)).toEqual(
      [0, 1, 2].map(() => ({ v: 1, type: "spool.lost", lines: 3, reason: "SpoolFull", first_ms: 500, last_ms: 900 })),
    );
    const own = fs
      .readFileSync(join(host.state, "spool", ownName()), "utf8")
      .trimEnd()
      .split("\n");
    expect(own.flatMap(faults)).toEqual([]);
  });

  test("counts small files as the blocks that they take", () => {
    using home = scratch();
    const host = new FakeHost(home.path);
    for (let number = 0; number < 7; number += 1) lay(host, gone(number), { written_s: LONG_AGO_S + 1000 });
    // Two thousand blocks are 8 MiB less 48 blocks; with the 7 files and our own that is within the bound.
    for (let number = 7; number < 2007; number += 1) lay(host, gone(number), { bytes: 500 });
    recorderOn(host).enter(INSTANCE);
    settle(host);
    expect(left(host)).toHaveLength(2008);
    for (let number = 2007; number < 2064; number += 1) lay(host, gone(number), { bytes: 500, written_s: 5 });
    recorderOn(host).enter(INSTANCE);
    settle(host);
    expect(left(host)).toHaveLength(2008 + 57 - 10);
  });

  test("keeps what lives, what may live, what is another's, and what is no spool file", () => {
    using home = scratch();
    const host = new FakeHost(home.path);
    const now_s = host.clock.now_ms() / 1000;
    const sleeper = Bun.spawn(["sleep", "60"]);
    try {
      const ticks = Number(fs.readFileSync(`/proc/${sleeper.pid}/stat`, "utf8").split(") ")[1]?.split(" ")[19]);
      const stays = {
        living: `${sleeper.pid}-${ticks}-${BOOT}.jsonl`,
        livingPart: `${sleeper.pid}-${ticks}-${BOOT}.1.jsonl`,
        unknownStart: `${GONE}-0-${BOOT}.jsonl`,
        container: gone(1),
        nameless: gone(2),
        damaged: gone(3),
        huge: gone(4),
        // Another machine's, on a shared disk: written since this one was started, under a boot we don't know.
        otherMachine: "77-77-00000000.jsonl",
        macos: "77-0-0.jsonl",
        strange: "notes.jsonl",
        quarantined: `${gone(5)}.bad`,
      };
      for (const name of Object.values(stays)) lay(host, name);
      lay(host, stays.container, { pid_ns: "1" });
      lay(host, stays.nameless, { pid_ns: undefined });
      fs.writeFileSync(join(host.state, "spool", stays.damaged), "x".repeat(FULL));
      lay(host, stays.huge, { bytes: 17 * MIB });
      lay(host, stays.otherMachine, { written_s: now_s - 5 });
      const link = join(host.state, "spool", gone(6));
      fs.symlinkSync(lay(host, "target"), link);
      fs.mkdirSync(join(host.state, "spool", gone(7)));
      const goes = {
        reused: `${sleeper.pid}-${ticks + 1}-${BOOT}.jsonl`,
        otherBoot: "77-77-11111111.jsonl",
        dead: gone(0),
      };
      for (const name of Object.values(goes)) lay(host, name, { written_s: now_s - 1e8 });
      recorderOn(host).enter(INSTANCE);
      settle(host);
      const there = left(host);
      expect(Object.values(stays).filter((name) => !there.includes(name))).toEqual([]);
      expect(Object.values(goes).filter((name) => there.includes(name))).toEqual([]);
      expect(there).toContain(gone(6));
      expect(losses(host)).toHaveLength(3);
    } finally {
      sleeper.kill();
    }
  });

  test("keeps everything that another user owns", () => {
    using home = scratch();
    const host = new FakeHost(home.path);
    for (let number = 0; number < 10; number += 1) lay(host, gone(number));
    host.uid += 1;
    recorderOn(host).enter(INSTANCE);
    settle(host);
    expect(left(host).filter((name) => name.startsWith(`${GONE}-`))).toHaveLength(10);
  });

  test("carries the losses of a file that goes itself, and counts what it can't read as lines", () => {
    using home = scratch();
    const host = new FakeHost(home.path);
    const before = { v: 1, type: "spool.lost", at_ms: 700, lines: 1000, reason: "ENOSPC", first_ms: 100, last_ms: 200 };
    lay(host, gone(0), { lines: [JSON.stringify(before), "\0\xff garbage", JSON.stringify(before)], written_s: 1 });
    for (let number = 1; number < 8; number += 1) lay(host, gone(number));
    recorderOn(host).enter(INSTANCE);
    settle(host);
    // The first line, the garbage and the last; and two thousand that were lost before.
    expect(losses(host)).toMatchObject([{ lines: 2003, reason: "SpoolFull", first_ms: 100, last_ms: 900 }]);
  });

  test("two OpenCodes that start at once remove and tell each file once", () => {
    using home = scratch();
    const host = new FakeHost(home.path);
    const other = new FakeHost(home.path);
    for (let number = 0; number < 10; number += 1) lay(host, gone(number), { written_s: LONG_AGO_S + number });
    for (const each of [host, other]) recorderOn(each).enter(INSTANCE);
    for (let turn = 0; turn < 50; turn += 1) for (const each of [host, other]) each.clock.pass(turn === 0 ? 1000 : 0);
    const removed = 10 - left(host).filter((name) => name.startsWith(`${GONE}-`)).length;
    expect(removed).toBeGreaterThanOrEqual(3);
    expect(losses(host)).toHaveLength(removed);
  });
});

describe("while an exporter is at work nothing goes", () => {
  const crowd = (host: FakeHost): void => {
    for (let number = 0; number < 10; number += 1) lay(host, gone(number));
  };
  const all = 10 + 1;

  test("a daemon that listens to the doorbell", () => {
    using home = scratch();
    const host = new FakeHost(home.path);
    crowd(host);
    const doorbell = join(host.state, "doorbell");
    Bun.spawnSync(["mkfifo", doorbell]);
    const listening = fs.openSync(doorbell, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    recorderOn(host).enter(INSTANCE);
    settle(host);
    expect(left(host)).toHaveLength(all);
    fs.closeSync(listening);
    recorderOn(host).enter(INSTANCE);
    settle(host);
    expect(left(host).length).toBeLessThan(all);
  });

  test("a command that holds the lock", async () => {
    using home = scratch();
    const host = new FakeHost(home.path);
    crowd(host);
    const lock = join(host.state, "lock");
    fs.writeFileSync(lock, "");
    const holder = Bun.spawn(["flock", lock, "sh", "-c", "echo held; read line"], { stdin: "pipe", stdout: "pipe" });
    await holder.stdout.getReader().read();
    recorderOn(host).enter(INSTANCE);
    settle(host);
    expect(left(host)).toHaveLength(all);
    holder.stdin.end();
    await holder.exited;
    // The file is still there; nobody holds it.
    recorderOn(host).enter(INSTANCE);
    settle(host);
    expect(left(host).length).toBeLessThan(all);
  });

  test.each(["/proc/locks", "/lock"])("or when %s can't be read, so that it can't be told", (unread) => {
    using home = scratch();
    const host = new FakeHost(
      home.path,
      faulty((_call, name, args) =>
        name.endsWith("Sync") && String(args[0]).endsWith(unread) && name !== "openSync" ? "fails" : "works",
      ),
    );
    crowd(host);
    fs.writeFileSync(join(host.state, "lock"), "");
    recorderOn(host).enter(INSTANCE);
    settle(host);
    expect(left(host)).toHaveLength(all);
  });
});

describe("one call fails while the folder is looked through", () => {
  test("for every N: nothing is thrown, nothing that lives goes, every removal is told", () => {
    const fates = (bad: number, from: { calls: number }): ReturnType<typeof faulty> => {
      const files = faulty((call) => (call - from.calls === bad ? "fails" : "works"));
      return files;
    };
    const play = (bad: number): number => {
      using home = scratch();
      const from = { calls: Number.MAX_SAFE_INTEGER };
      const files = fates(bad, from);
      const host = new FakeHost(home.path, files);
      for (let number = 0; number < 3; number += 1)
        lay(host, gone(number), { bytes: 2 * FULL, pid_ns: OWN.pid_ns ?? "" });
      for (let number = 3; number < 7; number += 1) lay(host, gone(number), { bytes: FULL });
      recorderOn(host).enter(INSTANCE);
      from.calls = files.calls;
      for (let turn = 0; turn < 20; turn += 1) host.clock.pass(turn === 0 ? 1000 : 0);
      const looked = files.calls - from.calls;
      for (let exits = 0; exits < 3; exits += 1) host.exits[0]?.();
      const removed = 7 - left(host).filter((name) => name.startsWith(`${GONE}-`)).length;
      expect({ bad, told: losses(host).length }).toEqual({ bad, told: removed });
      expect(removed).toBeLessThanOrEqual(2);
      return looked;
    };
    const calls = play(-1);
    expect(calls).toBeGreaterThan(15);
    for (let bad = 1; bad <= calls; bad += 1) play(bad);
  });
});

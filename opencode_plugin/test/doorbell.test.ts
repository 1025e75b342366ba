/** The doorbell, on real pipes: it wakes who reads, waits for nobody, and writes into nothing else. */
import { describe, expect, test } from "bun:test";
import * as fs from "node:fs";
import { join } from "node:path";
import type { Files } from "../src/host.ts";
import { scratch } from "./scratch.ts";
import { insides } from "./shipped.ts";

const READING = fs.constants.O_RDWR | fs.constants.O_NONBLOCK;

function pipeAt(path: string): number {
  expect(Bun.spawnSync(["mkfifo", path]).exitCode).toBe(0);
  return fs.openSync(path, READING);
}

function heard(reader: number): number {
  try {
    return fs.readSync(reader, new Uint8Array(65_536));
  } catch {
    // Nothing to read: EAGAIN.
    return 0;
  }
}

/** The real files, with something that happens before one of their calls. */
function before(call: keyof Files, happens: () => void): Files {
  return new Proxy(fs, {
    get: (real, name: keyof Files) => {
      if (name === call) happens();
      return real[name];
    },
  });
}

describe("the doorbell", () => {
  const ringsAt = (path: string, files: Files = fs) => new insides.Doorbell(files, path);

  test("wakes who reads, and never waits for who does not", () => {
    using home = scratch();
    const path = join(home.path, "doorbell");
    const doorbell = ringsAt(path);
    expect(doorbell.ring()).toBe("absent");
    const reader = pipeAt(path);
    expect(doorbell.ring()).toBe("rung");
    expect(heard(reader)).toBe(1);
    // A reader that sleeps: the pipe fills up (64 KiB), and ringing on is no error.
    for (let bytes = 0; bytes < 70_000; bytes += 1) if (doorbell.ring() !== "rung") throw new Error(`after ${bytes}`);
    expect(heard(reader)).toBe(65_536);
    fs.closeSync(reader);
    expect(doorbell.ring()).toBe("absent");
    expect(doorbell.ring()).toBe("absent");
  });

  test("finds the exporter again that went and came, with the same pipe or a new one", () => {
    using home = scratch();
    const path = join(home.path, "doorbell");
    const doorbell = ringsAt(path);
    fs.closeSync(pipeAt(path));
    expect(doorbell.ring()).toBe("absent");
    const second = fs.openSync(path, READING);
    expect(doorbell.ring()).toBe("rung");
    expect(heard(second)).toBe(1);
    fs.closeSync(second);
    fs.unlinkSync(path);
    const third = pipeAt(path);
    // One ring: it finds the old pipe without a reader and the new one at once.
    expect(doorbell.ring()).toBe("rung");
    expect(heard(third)).toBe(1);
    fs.closeSync(third);
  });

  test("is no file, link, device or folder", () => {
    using home = scratch();
    const [file, link] = [join(home.path, "file"), join(home.path, "link")];
    fs.writeFileSync(file, "mine");
    const reader = pipeAt(join(home.path, "pipe"));
    fs.symlinkSync(join(home.path, "pipe"), link);
    for (const path of [file, link, "/dev/null", home.path]) expect(ringsAt(path).ring()).toBe("refused");
    expect(fs.readFileSync(file, "utf8")).toBe("mine");
    expect(heard(reader)).toBe(0);
    fs.closeSync(reader);
  });

  test("a descriptor that became another file's behind its back is left alone", () => {
    using home = scratch();
    const path = join(home.path, "doorbell");
    const reader = pipeAt(path);
    let opened = -1;
    const files = new Proxy(fs, {
      get: (real, name: keyof Files) =>
        name === "openSync"
          ? (...args: [string, number]) => {
              opened = fs.openSync(...args);
              return opened;
            }
          : real[name],
    });
    const doorbell = ringsAt(path, files);
    expect(doorbell.ring()).toBe("rung");
    const first = opened;
    fs.closeSync(first);
    // Another pipe, of somebody else's.
    const other = pipeAt(join(home.path, "other"));
    // The lowest number that is free is given out first, and earlier tests may have left lower ones.
    const others = [other];
    while (others.at(-1) !== first && others.length < 1000) {
      others.push(fs.openSync(join(home.path, "other"), fs.constants.O_RDWR));
    }
    const victim = others.at(-1) ?? -1;
    expect(victim).toBe(first);
    expect(doorbell.ring()).toBe("rung");
    expect(heard(other)).toBe(0);
    // It did not close what is not its own either.
    expect(fs.writeSync(victim, "mine")).toBe(4);
    expect(heard(reader)).toBe(2);
    for (const each of new Set([...others, opened, reader])) fs.closeSync(each);
  });

  test("a reader that goes between opening and writing kills nobody", () => {
    using home = scratch();
    const path = join(home.path, "doorbell");
    let reader: number | undefined = pipeAt(path);
    const leaves = () => {
      if (reader !== undefined) fs.closeSync(reader);
      reader = undefined;
    };
    expect(ringsAt(path, before("writeSync", leaves)).ring()).toBe("absent");
  });

  test("keeps one descriptor, which programs that OpenCode starts do not inherit", () => {
    using home = scratch();
    const path = join(home.path, "doorbell");
    const reader = pipeAt(path);
    const own = () =>
      fs.readdirSync("/proc/self/fd").filter((fd) => {
        const link = `/proc/self/fd/${fd}`;
        // The one that lists the folder is gone by now.
        return Number(fd) !== reader && fs.lstatSync(link, { throwIfNoEntry: false }) && fs.readlinkSync(link) === path;
      });
    const doorbell = ringsAt(path);
    for (let rings = 0; rings < 100; rings += 1) doorbell.ring();
    expect(own()).toHaveLength(1);
    const [, flags = "0"] = /flags:\s*(\d+)/.exec(fs.readFileSync(`/proc/self/fdinfo/${own()[0]}`, "utf8")) ?? [];
    expect(Number.parseInt(flags, 8) & 0o2000000).toBe(0o2000000);
    fs.closeSync(reader);
    doorbell.ring();
    expect(own()).toEqual([]);
  });
});

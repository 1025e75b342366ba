/** What the plugin asks of the machine: places, the process's name, the pipe, and a program that outlives it. */
import { describe, expect, test } from "bun:test";
import * as fs from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { faulty } from "./faults.ts";
import { environment, FakeClock, FakeHost, scratch } from "./scratch.ts";
import { insides, SHIPPED } from "./shipped.ts";

const NOWHERE = "file:///nowhere/opencode-stats.ts";

describe("places", () => {
  const { placesOf } = insides;

  test("without anything: the defaults of XDG", () => {
    expect(placesOf(fs, {}, "/home/user", 1000, NOWHERE)).toEqual({
      state: "/home/user/.local/state/opencode-stats",
      spool: "/home/user/.local/state/opencode-stats/spool",
      doorbell: "/home/user/.local/state/opencode-stats/doorbell",
      lock: "/home/user/.local/state/opencode-stats/lock",
      losses: ["/home/user/.local/state/opencode-stats/losses", "/tmp/opencode-stats-losses-1000"],
      autostart: undefined,
    });
  });

  test("variables that are absolute count, others do not", () => {
    const absolute = { XDG_STATE_HOME: "/state", XDG_RUNTIME_DIR: "/run/user/1", TMPDIR: "/scratch" };
    expect(placesOf(fs, absolute, "/home/user", 1, NOWHERE)).toMatchObject({
      state: "/state/opencode-stats",
      losses: [
        ...["/state/opencode-stats/losses", "/run/user/1/opencode-stats-losses"],
        "/scratch/opencode-stats-losses-1",
      ],
    });
    const relative = { XDG_STATE_HOME: "state", XDG_RUNTIME_DIR: "./run", TMPDIR: "tmp", XDG_CONFIG_HOME: "" };
    expect(placesOf(fs, relative, "/home/user", 1, NOWHERE)).toEqual(placesOf(fs, {}, "/home/user", 1, NOWHERE));
  });

  test.each([
    ["no record", undefined, undefined, undefined],
    ["no JSON", "{", undefined, undefined],
    ["of another version", { schemaVersion: 2, stateDir: "/other" }, undefined, undefined],
    ["with a relative folder", { schemaVersion: 1, stateDir: "other" }, undefined, undefined],
    ["with both", { schemaVersion: 1, stateDir: "/s", autostart: ["/bin/x", "daemon"] }, "/s", ["/bin/x", "daemon"]],
    ["with a relative program", { schemaVersion: 1, stateDir: "/s", autostart: ["x", "daemon"] }, "/s", undefined],
    ["with no program", { schemaVersion: 1, stateDir: "/s", autostart: [] }, "/s", undefined],
    ["with a command of other things", { schemaVersion: 1, stateDir: "/s", autostart: ["/x", 1] }, "/s", undefined],
    ["without autostart", { schemaVersion: 1, stateDir: "/s", autostart: null }, "/s", undefined],
  ])("a record %s", (_name, record, state, autostart) => {
    using home = scratch();
    const folder = join(home.path, "plugins");
    fs.mkdirSync(folder);
    const content = typeof record === "string" ? record : JSON.stringify(record);
    if (record !== undefined) fs.writeFileSync(join(folder, "opencode-stats.json"), content);
    const own = `${pathToFileURL(join(folder, "opencode-stats.ts"))}?version=1`;
    const places = placesOf(fs, {}, home.path, 1, own);
    expect(places.state).toBe(state ?? join(home.path, ".local/state/opencode-stats"));
    expect(places.autostart).toEqual(autostart);
  });
});

describe("the process's name", () => {
  test("is what /proc says", () => {
    const { processKey, spoolName } = insides;
    const run = processKey(fs, process.pid);
    const ps = Bun.spawnSync(["cat", `/proc/${process.pid}/stat`]).stdout.toString();
    expect(run).toEqual({
      pid: process.pid,
      boot_id: fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
      pid_ns: String(fs.statSync("/proc/self/ns/pid").ino),
      start_ticks: Number(ps.slice(ps.lastIndexOf(")")).split(" ")[20]),
    });
    expect(spoolName(run)).toBe(`${process.pid}-${run.start_ticks}-${run.boot_id?.slice(0, 8)}`);
  });

  test("has zeros in its file's name where there is no /proc", () => {
    const { processKey, spoolName } = insides;
    const run = processKey(
      faulty(() => "fails"),
      7,
    );
    expect(run).toEqual({ pid: 7, boot_id: undefined, pid_ns: undefined, start_ticks: undefined });
    expect(spoolName(run)).toBe("7-0-0");
  });

  test("survives a program's name with spaces and parentheses", () => {
    const stat = `7 (a b) c) S ${Array.from({ length: 49 }, (_none, index) => index + 4).join(" ")}`;
    const files = new Proxy(fs, {
      get: (real, name: keyof typeof fs) => (name === "readFileSync" ? () => stat : real[name]),
    });
    expect(insides.processKey(files, 7).start_ticks).toBe(22);
  });
});

describe("autostart", () => {
  const { Autostart, scrubbed } = insides;

  test("is tried after the start has returned, and once a minute at most", () => {
    using home = scratch();
    const host = new FakeHost(home.path);
    const autostart = new Autostart(["/bin/exporter", "daemon"], { HOME: "/home/user" }, host.clock, host.spawn);
    autostart.unanswered();
    autostart.unanswered();
    expect(host.spawned).toEqual([]);
    host.clock.pass(0);
    const options = { cwd: "/", detached: true, env: { HOME: "/home/user" }, stdio: "ignore" } as const;
    expect(host.spawned).toEqual([["/bin/exporter", ["daemon"], options]]);
    host.clock.pass(59_999);
    autostart.unanswered();
    host.clock.pass(0);
    expect(host.spawned).toHaveLength(1);
    host.clock.pass(1);
    autostart.unanswered();
    host.clock.pass(0);
    expect(host.spawned).toHaveLength(2);
  });

  test("nothing is started where nothing is to be", () => {
    using home = scratch();
    const host = new FakeHost(home.path);
    new Autostart(undefined, {}, host.clock, host.spawn).unanswered();
    expect(host.clock.waiting).toBe(0);
  });

  test("a program that cannot be started is nobody's concern", () => {
    const clock = new FakeClock();
    const autostart = new Autostart(["/x"], {}, clock, () => {
      throw new Error("ENOENT");
    });
    autostart.unanswered();
    clock.pass(0);
  });

  test("no secret is passed on", () => {
    const env = {
      ...{ HOME: "h", USER: "u", LOGNAME: "l", LANG: "la", LC_ALL: "lc", TZ: "t", XDG_STATE_HOME: "x", PATH: "p" },
      ...{ DBUS_SESSION_BUS_ADDRESS: "d", TMPDIR: "tm" },
    };
    const secret = {
      ANTHROPIC_API_KEY: "k",
      OPENCODE_PID: "1",
      XDG: "no",
      MY_HOME: "no",
      LD_PRELOAD: "no",
      path: "no",
    };
    expect(scrubbed({ ...secret, ...env, LC_TIME: undefined })).toEqual(env);
  });

  /** Plays a plugin whose record starts `program`; gives what that told of itself. */
  async function started(
    program: (home: string) => string,
    patience_ms = 5000,
  ): Promise<{ told: string; printed: string; pid: number }> {
    using home = scratch();
    const out = join(home.path, "told");
    const command = [program(home.path), out];
    const folder = join(home.path, ".config/opencode/plugins");
    fs.mkdirSync(folder, { recursive: true });
    const state = join(home.path, "state");
    fs.mkdirSync(state);
    const record = { schemaVersion: 1, stateDir: state, autostart: command };
    fs.writeFileSync(join(folder, "opencode-stats.json"), JSON.stringify(record));
    const script = join(home.path, "program.ts");
    fs.writeFileSync(
      script,
      `import plugin from ${JSON.stringify(SHIPPED)};
       import { openSync, existsSync } from "node:fs";
       openSync("/dev/zero", "r");
       const hooks: any = await plugin.server({ directory: "/home/user" });
       const until = Date.now() + ${patience_ms};
       while (!existsSync(${JSON.stringify(`${out}.done`)}) && Date.now() < until) await Bun.sleep(5);
       await hooks.dispose();`,
    );
    const child = Bun.spawn([process.execPath, script], {
      env: { ...environment(home.path), OPENAI_API_KEY: "secret", LANG: "C.UTF-8" },
      cwd: home.path,
      stdout: "pipe",
      stderr: "pipe",
    });
    expect(await child.exited).toBe(0);
    const printed = (await new Response(child.stdout).text()) + (await new Response(child.stderr).text());
    return { told: fs.existsSync(out) ? fs.readFileSync(out, "utf8") : "", printed, pid: child.pid };
  }

  test("a real one has its own session, `/`, a clean environment and no descriptor of ours", async () => {
    const { told, printed, pid } = await started((home) => {
      const path = join(home, "exporter");
      const script = `#!/bin/sh
        exec > "$1"
        cut -d' ' -f1,5,6 /proc/$$/stat
        pwd
        env | sort
        n=0
        while [ $n -lt 256 ]; do
          if [ -L /proc/$$/fd/$n ]; then printf "%s " /proc/$$/fd/$n; readlink /proc/$$/fd/$n; fi
          n=$((n+1))
        done
        : > "$1.done"\n`;
      fs.writeFileSync(path, script, { mode: 0o755 });
      return path;
    });
    const [ids = "", cwd, ...rest] = told.trimEnd().split("\n");
    const [own, group, session] = ids.split(" ").map(Number);
    expect([group, session]).toEqual([own, own]);
    expect(own).not.toBe(pid);
    expect(cwd).toBe("/");
    const descriptors = rest.filter((row) => row.startsWith("/proc/"));
    const names = rest.filter((row) => !row.startsWith("/proc/")).map((row) => row.split("=")[0] ?? "");
    // `_` and PWD are the shell's own.
    expect(names.filter((name) => name !== "_" && name !== "PWD" && name !== "OLDPWD" && name !== "SHLVL")).toEqual([
      "HOME",
      "LANG",
      "PATH",
      "TMPDIR",
    ]);
    expect(told).not.toContain("secret");
    // 0 and 2 are /dev/null, 1 the script's own redirection; a shell keeps the script itself open at 10 or above.
    expect(descriptors.length).toBeGreaterThan(2);
    const foreign = descriptors.filter((row) => !/\/(0|2) \/dev\/null$|\/1 .*\/told$|exporter$/.test(row));
    expect(foreign).toEqual([]);
    expect(printed).toBe("");
  });

  test("one that is not there disturbs nobody", async () => {
    // It never tells, so the process waits in vain: long enough for the attempt, which comes with the next turn.
    const { told, printed } = await started((home) => join(home, "gone"), 100);
    expect({ told, printed }).toEqual({ told: "", printed: "" });
  });
});

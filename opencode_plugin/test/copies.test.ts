/** Several copies and instances in one process, in each order in which OpenCode makes and drops them. */
import { describe, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environment, type Parsed, scratch, spoolLines } from "./scratch.ts";
import { SHIPPED } from "./shipped.ts";

/** Runs a script in a process of its own, with two copies of the installed file as `first` and `second`. */
function inProcess(script: string, prepare: (home: string) => void = () => {}): Parsed[] {
  using home = scratch();
  const program = join(home.path, "program.ts");
  for (const place of ["global", "project"]) {
    mkdirSync(join(home.path, place));
    copyFileSync(SHIPPED, join(home.path, place, "opencode-stats.ts"));
  }
  prepare(home.path);
  const opening = `import first from "./global/opencode-stats.ts";
    import second from "./project/opencode-stats.ts";
    const SHARED = Symbol.for("opencode-stats.spool.v1");
    const place = (directory: string) => ({ directory, worktree: directory, project: { id: "global" } });
    const event = (id: string | undefined, conversation = "ses_1") =>
      ({ event: { id, type: "session.idle", properties: { sessionID: conversation } } });\n`;
  writeFileSync(program, opening + script);
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, program], {
    env: environment(home.path),
    cwd: home.path,
  });
  expect(`${stdout}${stderr}`).toBe("");
  expect(exitCode).toBe(0);
  return spoolLines(join(home.path, ".local/state/opencode-stats"));
}

function types(lines: readonly Parsed[]): string[] {
  return lines.map(({ type, directory }) => (directory === undefined ? type : `${type} ${directory}`));
}

describe("two copies of the file", () => {
  test("write each event, prompt and title request once", () => {
    const lines = inProcess(`
      const hooks = [await first.server(place("/a")), await second.server(place("/a"))] as any[];
      const sent = { message: { id: "msg_1", sessionID: "ses_1" } };
      const request = { sessionID: "ses_1", agent: "title", model: { id: "m" }, message: { id: "msg_1" } };
      for (const each of hooks) {
        await each.event(event("evt_1"));
        await each["chat.message"]({ sessionID: "ses_1" }, sent);
        await each["chat.params"](request, {});
        await each["chat.params"]({ ...request, agent: "build" }, {});
      }
      for (const each of hooks) await each.event(event("evt_2"));
      for (const each of hooks) await each.dispose();
    `);
    expect(types(lines)).toEqual([
      ...["run.started", "workspace.opened /a", "run.started", "conversation.idle", "prompt.submitted /a"],
      ...["title.requested", "conversation.idle", "workspace.closed /a", "run.ended"],
    ]);
  });

  test("each have their own spool where they cannot agree, and lose nothing", () => {
    const lines = inProcess(`
      (globalThis as any)[SHARED] = { shape: 99, enter: "not a function" };
      const hooks: any = await first.server(place("/a"));
      await hooks.event(event("evt_1"));
      await hooks.dispose();
    `);
    expect(types(lines)).toEqual([
      ...["run.started", "workspace.opened /a", "conversation.idle", "workspace.closed /a", "run.ended"],
    ]);
  });

  test("a newer one works with an older one that is in use, and takes over when it is not", () => {
    const lines = inProcess(`
      const told: string[] = [];
      const older = {
        shape: 1, version: "0.0.1", idle: false,
        enter: () => { told.push("enter"); return () => told.push("leave"); },
        forward: (key: string) => told.push(key),
      };
      (globalThis as any)[SHARED] = older;
      const hooks: any = await first.server(place("/a"));
      await hooks.event(event("evt_1"));
      await hooks.dispose();
      if (told.join() !== "enter,evt_1,leave") throw new Error(told.join());
      older.idle = true;
      await first.server(place("/b"));
      if ((globalThis as any)[SHARED] === older) throw new Error("the older one is still there");
    `);
    expect(types(lines)).toEqual(["run.started", "workspace.opened /b", "run.ended"]);
  });
});

describe("instances of one copy", () => {
  test("acp: two for one directory are one workspace", () => {
    const lines = inProcess(`
      const hooks = [await first.server(place("/a")), await first.server(place("/a"))] as any[];
      await hooks[1].event(event("evt_1"));
      await hooks[0].dispose();
      await hooks[0].dispose();
      await hooks[1].event(event("evt_2"));
      await hooks[1].dispose();
    `);
    expect(types(lines)).toEqual([
      ...["run.started", "workspace.opened /a", "conversation.idle", "conversation.idle"],
      ...["workspace.closed /a", "run.ended"],
    ]);
  });

  test("one that comes after the last has gone starts the run again, and the exit ends it", () => {
    const lines = inProcess(`
      const early: any = await first.server(place("/a"));
      await early.dispose();
      const late: any = await first.server(place("/b"));
      await late.event(event("evt_1"));
      await early.event(event("evt_2"));
    `);
    expect(types(lines)).toEqual([
      ...["run.started", "workspace.opened /a", "workspace.closed /a", "run.ended"],
      ...["run.started", "workspace.opened /b", "conversation.idle", "conversation.idle", "run.ended"],
    ]);
    expect(lines[0]?.run).toEqual(lines[4]?.run);
  });

  test("events without an id are all written: who has no name cannot be recognised", () => {
    const lines = inProcess(`
      const hooks: any = await first.server(place("/a"));
      await hooks.event(event(undefined));
      await hooks.event(event(undefined));
    `);
    expect(types(lines).filter((type) => type === "conversation.idle")).toHaveLength(2);
  });
});

describe("where two copies write", () => {
  const record = (home: string, folder: string, stateDir: string) => {
    mkdirSync(join(home, folder), { recursive: true });
    const content = { schemaVersion: 1, stateDir: join(home, stateDir), autostart: null };
    writeFileSync(join(home, folder, "opencode-stats.json"), JSON.stringify(content));
  };
  const script = `
    const hooks: any = await second.server(place("/a"));
    await hooks.dispose();
  `;

  test("the record beside the copy says it", () => {
    const lines = inProcess(script, (home) => {
      record(home, "project", ".local/state/opencode-stats");
      record(home, ".config/opencode/plugins", "elsewhere");
    });
    expect(lines).toHaveLength(4);
  });

  test("else the one in the user's configuration", () => {
    const lines = inProcess(`process.env.XDG_STATE_HOME = "/nowhere";${script}`, (home) => {
      record(home, ".config/opencode/plugins", ".local/state/opencode-stats");
    });
    expect(lines).toHaveLength(4);
  });
});

test("nothing keeps the process alive, and no signal is handled", () => {
  const lines = inProcess(`
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
    const before = process.eventNames().length;
    await first.server(place("/a"));
    await second.server(place("/b"));
    if (signals.some((signal) => process.listenerCount(signal) > 0)) throw new Error("a signal is handled");
    if (process.listenerCount("exit") !== 1) throw new Error("more than one listener for the exit");
    if (process.eventNames().length !== before + 1) throw new Error(String(process.eventNames()));
  `);
  expect(lines.at(-1)?.type).toBe("run.ended");
});

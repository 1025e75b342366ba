/** Scratch folders, fake clocks, and a look into a spool. */
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock, Files, Host, Spawn } from "../src/host.ts";

/** A line as a reader gets it. */
export type Parsed = Record<string, unknown> & { readonly type: string };

/** A folder of its own, gone at the end of the block that has it with `using`. */
export function scratch(): { readonly path: string; [Symbol.dispose](): void } {
  const path = fs.mkdtempSync(join(tmpdir(), "opencode-stats-test-"));
  return { path, [Symbol.dispose]: () => fs.rmSync(path, { recursive: true, force: true }) };
}

/** The environment of a process that has nothing but this folder. */
export function environment(home: string): Record<string, string> {
  const env: Record<string, string> = { HOME: home, PATH: "/usr/bin:/bin", TMPDIR: join(home, "tmp") };
  // Lets the tests run in OpenCode's own binary, which is a Bun when told so.
  if (process.env.BUN_BE_BUN) env.BUN_BE_BUN = process.env.BUN_BE_BUN;
  fs.mkdirSync(join(home, "tmp"), { recursive: true });
  return env;
}

/** The whole text of all spool files of a state folder. */
export function spoolText(state: string): string {
  const folder = join(state, "spool");
  if (!fs.existsSync(folder)) return "";
  const names = fs.readdirSync(folder).sort();
  return names.map((name) => fs.readFileSync(join(folder, name), "utf8")).join("");
}

/** The lines of all spool files; a half line is given as type `torn`. */
export function spoolLines(state: string): Parsed[] {
  const rows = spoolText(state).split("\n");
  const last = rows.pop();
  if (last !== "" && last !== undefined) rows.push(last);
  return rows.map((row) => {
    try {
      return JSON.parse(row) as Parsed;
    } catch {
      return { type: "torn", row };
    }
  });
}

/** A clock that stands until it is moved; what is due then runs. */
export class FakeClock implements Clock {
  time_ms = 1_000_000;
  #due: { readonly at_ms: number; readonly run: () => void }[] = [];

  now_ms(): number {
    return 1_795_000_000_000 + this.time_ms;
  }

  steady_ms(): number {
    return this.time_ms;
  }

  later(run: () => void, delay_ms: number): void {
    this.#due.push({ at_ms: this.time_ms + delay_ms, run });
  }

  get waiting(): number {
    return this.#due.length;
  }

  pass(duration_ms: number): void {
    this.time_ms += duration_ms;
    const ripe = this.#due.filter((each) => each.at_ms <= this.time_ms);
    this.#due = this.#due.filter((each) => each.at_ms > this.time_ms);
    for (const each of ripe) each.run();
  }
}

/** A host over a scratch home. */
export class FakeHost implements Host {
  readonly clock = new FakeClock();
  readonly exits: (() => void)[] = [];
  readonly spawned: Parameters<Spawn>[] = [];
  readonly files: Files;
  readonly env: Record<string, string>;
  readonly home: string;
  readonly state: string;
  readonly pid = process.pid;
  uid = process.getuid?.() ?? 0;

  constructor(home: string, files: Files = fs, env: Record<string, string> = environment(home)) {
    this.home = home;
    this.files = files;
    this.env = env;
    this.state = join(home, ".local", "state", "opencode-stats");
  }

  readonly spawn: Spawn = (...call) => {
    this.spawned.push(call);
    return { on: () => undefined, unref: () => undefined };
  };

  atExit(run: () => void): void {
    this.exits.push(run);
  }
}

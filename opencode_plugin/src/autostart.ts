/** Starts the exporter where the user allowed it and none runs. Wholly apart from OpenCode: it outlives it. */
import type { SpawnOptions } from "node:child_process";
import type { Clock, Environment, Spawn } from "./host.ts";

/** An exporter that does not stay up is not started again sooner than this. */
const BETWEEN_MS = 60_000;
/** What an exporter needs to find its files and its desktop. Everything else, API keys above all, stays here. */
const PASSED_ON = /^(HOME|USER|LOGNAME|LANG|LC_[A-Z]+|TZ|XDG_[A-Z_]+|PATH|DBUS_SESSION_BUS_ADDRESS|TMPDIR)$/;

/** The part of an environment that is passed on. */
export function scrubbed(env: Environment): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && PASSED_ON.test(name)) kept[name] = value;
  }
  return kept;
}

/** Starts one command, now and then. Nothing here throws. */
export class Autostart {
  readonly #command: readonly string[] | undefined;
  readonly #env: Environment;
  readonly #clock: Clock;
  readonly #spawn: Spawn;
  #lastTry_ms: number | undefined;

  /** `command` has an absolute path first; undefined where nothing is to be started. */
  constructor(command: readonly string[] | undefined, env: Environment, clock: Clock, spawn: Spawn) {
    this.#command = command;
    this.#env = env;
    this.#clock = clock;
    this.#spawn = spawn;
  }

  /** Nobody answered the doorbell: start the exporter after OpenCode's own work, if it is time to. */
  unanswered(): void {
    const [program, ...args] = this.#command ?? [];
    if (program === undefined) return;
    const now_ms = this.#clock.steady_ms();
    if (this.#lastTry_ms !== undefined && now_ms - this.#lastTry_ms < BETWEEN_MS) return;
    this.#lastTry_ms = now_ms;
    this.#clock.later(() => this.#start(program, args), 0);
  }

  #start(program: string, args: readonly string[]): void {
    try {
      // `detached` is a session of its own; both Buns close every other descriptor in the child.
      const options: SpawnOptions = { cwd: "/", detached: true, env: scrubbed(this.#env), stdio: "ignore" };
      const child = this.#spawn(program, args, options);
      // The program may be gone since `setup`. `opencode-stats doctor` says so; OpenCode's terminal is not ours.
      child.on("error", () => {});
      child.unref();
    } catch {
      // The same, told at once instead of later.
    }
  }
}

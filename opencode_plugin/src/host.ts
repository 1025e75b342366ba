/** What the machine lends the plugin, as parameters with names: tests put their own in. */
import type { SpawnOptions } from "node:child_process";
import type * as fs from "node:fs";
import { at, word } from "./reading.ts";

/** The calls on files that this plugin makes. Tests make each of them fail. */
export type Files = Pick<
  typeof fs,
  | "chmodSync"
  | "closeSync"
  | "fchmodSync"
  | "fstatSync"
  | "lstatSync"
  | "mkdirSync"
  | "openSync"
  | "readdirSync"
  | "readFileSync"
  | "readlinkSync"
  | "readSync"
  | "renameSync"
  | "unlinkSync"
  | "writeSync"
>;

/** The clocks and timers. */
export interface Clock {
  /** Unix milliseconds. */
  now_ms(): number;
  /** Milliseconds that only grow. */
  steady_ms(): number;
  /** Calls back later without keeping the process alive. */
  later(run: () => void, delay_ms: number): void;
}

/** The variables of the environment, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** `node:child_process`'s `spawn`, as far as it is used. */
export type Spawn = (
  program: string,
  args: readonly string[],
  options: SpawnOptions,
) => { on(event: "error", listener: () => void): unknown; unref(): void };

/** All of it. */
export interface Host {
  readonly files: Files;
  readonly clock: Clock;
  readonly env: Environment;
  readonly home: string;
  readonly pid: number;
  readonly uid: number;
  readonly spawn: Spawn;
  /** Calls `run` when the process exits by itself. */
  atExit(run: () => void): void;
}

/** Bun 1.3 opens files without it, and the programs that OpenCode starts must not inherit ours. */
export const CLOSE_ON_EXEC = process.platform === "linux" ? 0o2000000 : 0;

/** The short name of what went wrong, never its sentence (which has paths in it). */
export function reasonOf(error: unknown): string {
  return word(at(error, "code")) ?? word(at(error, "name")) ?? "UnknownError";
}

/** An error that is known by its code, like those of the system. */
export function coded(code: string): Error {
  return Object.assign(new Error(code), { code });
}

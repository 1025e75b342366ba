/** Spool files of other processes, laid out by hand. */
import * as fs from "node:fs";
import { join } from "node:path";
import type { FakeHost, Parsed } from "./scratch.ts";
import { insides } from "./shipped.ts";

export const MIB = 1024 * 1024;
export const CAP = 64 * MIB;
export const FULL = 8 * MIB;
export const OWN = insides.processKey(fs, process.pid);
export const BOOT = OWN.boot_id?.slice(0, 8);
export const LONG_AGO_S = 1_000_000;

/** A process that has ended. */
export const GONE = Bun.spawnSync(["sh", "-c", "echo $$; cat /proc/self/stat"]).stdout.toString().split("\n")[0];

interface Told {
  readonly bytes?: number;
  readonly pid_ns?: string | undefined;
  readonly written_s?: number;
  readonly lines?: readonly string[];
}

/** A spool file as another process's plugin left it. */
export function lay(host: FakeHost, name: string, told: Told = {}): string {
  const folder = join(host.state, "spool");
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, name);
  const run = { ...OWN, pid_ns: "pid_ns" in told ? told.pid_ns : OWN.pid_ns };
  const first = JSON.stringify({ v: 1, type: "run.started", at_ms: 500, run, api: 1, plugin_version: "0.1.0" });
  const text = [first, ...(told.lines ?? [])].map((line) => `${line}\n`).join("");
  const last = { v: 1, type: "conversation.idle", at_ms: 900, conversation: "ses_1" };
  fs.writeFileSync(path, `${text}${JSON.stringify(last)}\n`);
  // The rest is a hole, which costs no disk and reads as half a line of NULs.
  fs.truncateSync(path, told.bytes ?? FULL);
  fs.utimesSync(path, told.written_s ?? LONG_AGO_S, told.written_s ?? LONG_AGO_S);
  return path;
}

export function gone(number: number): string {
  return `${GONE}-${number + 1}-${BOOT}.jsonl`;
}

/** Lets time pass until nothing is left to do. */
export function settle(host: FakeHost): void {
  for (let turn = 0; turn < 500; turn += 1) host.clock.pass(turn === 0 ? 1000 : 0);
}

export function left(host: FakeHost): string[] {
  return fs.readdirSync(join(host.state, "spool")).sort();
}

/** What the spool files of this very process say. */
export function losses(host: FakeHost): Parsed[] {
  const folder = join(host.state, "spool");
  const own = left(host).filter((name) => name.startsWith(insides.spoolName(OWN)));
  const lines = own.flatMap((name) => fs.readFileSync(join(folder, name), "utf8").split("\n"));
  return lines.filter((line) => line.includes('"spool.lost"')).map((line) => JSON.parse(line) as Parsed);
}

export function ownName(): string {
  return `${insides.spoolName(OWN)}.jsonl`;
}

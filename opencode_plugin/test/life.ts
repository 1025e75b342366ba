/** A life of the plugin on a machine that tests have in hand. */
import { expect } from "bun:test";
import * as fs from "node:fs";
import { join } from "node:path";
import type { Line } from "../src/line.ts";
import type { Instance, Recorder } from "../src/recorder.ts";
import type { FakeHost, Parsed } from "./scratch.ts";
import { insides } from "./shipped.ts";

/** An instance of OpenCode 1.x that serves one directory. */
export const INSTANCE: Instance = {
  copy: Symbol("copy"),
  api: 1,
  host_version: undefined,
  directory: "/home/user/project",
  worktree: undefined,
  project: undefined,
};
/** No record beside it. */
const OWN = "file:///nowhere/opencode-stats.ts";

/** A recorder on this machine. */
export function recorderOn(host: FakeHost): Recorder {
  return new insides.Recorder(host, "0.1.0", OWN, INSTANCE);
}

/** A line that is told from others by its number. */
export function idle(number: number): Line {
  return { type: "conversation.idle", at_ms: 1_795_000_000_000 + number, conversation: `ses_${number}` };
}

/** The numbers of such lines, as `ses_N`. */
export function idles(lines: readonly Parsed[]): unknown[] {
  return lines.filter(({ type }) => type === "conversation.idle").map(({ conversation }) => conversation);
}

/** What `idles` gives for `count` of them. */
export function numbered(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_none, index) => `ses_${from + index}`);
}

/** The one spool file. */
export function onlyFile(host: FakeHost): string {
  const folder = join(host.state, "spool");
  const names = fs.readdirSync(folder);
  expect(names).toHaveLength(1);
  return join(folder, names[0] ?? "");
}

/** A short life of the plugin, time passing between its events. */
export function live(host: FakeHost, lines = 6): void {
  const recorder = recorderOn(host);
  const leave = recorder.enter(INSTANCE);
  for (let number = 0; number < lines; number += 1) {
    recorder.forward(`evt_${number}`, [idle(number)]);
    host.clock.pass(1001);
  }
  leave();
}

/** Everything that a marker says, wherever it lies. */
export function markers(host: FakeHost): Parsed[] {
  const folders = [
    "losses",
    "../../../runtime/opencode-stats-losses",
    `../../../tmp/opencode-stats-losses-${host.uid}`,
  ];
  return folders
    .map((folder) => join(host.state, folder))
    .filter((folder) => fs.existsSync(folder))
    .flatMap((folder) => fs.readdirSync(folder).map((name) => JSON.parse(fs.readFileSync(join(folder, name), "utf8"))));
}

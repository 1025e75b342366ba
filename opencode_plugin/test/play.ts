/** Plays a recording to the installed file in a process of its own. */
import { join } from "node:path";
import { environment, type Parsed, scratch, spoolLines, spoolText } from "./scratch.ts";
import { RECORDED, SHIPPED } from "./shipped.ts";

/** What a replay left behind. */
export interface Played {
  readonly lines: Parsed[];
  readonly text: string;
  readonly printed: string;
}

/** Plays `recording` (a name below tests/fixtures/recorded) to the copies given, the installed file else. */
export function play(recording: string, copies: readonly string[] = [SHIPPED]): Played {
  using home = scratch();
  const program = [process.execPath, join(import.meta.dir, "replaying.ts"), join(RECORDED, recording), ...copies];
  const { exitCode, stdout, stderr } = Bun.spawnSync(program, { env: environment(home.path), cwd: home.path });
  if (exitCode !== 0) throw new Error(`${recording}: ${stderr}`);
  const state = join(home.path, ".local/state/opencode-stats");
  return { lines: spoolLines(state), text: spoolText(state), printed: `${stdout}${stderr}` };
}

/** The lines with what differs from run to run taken out. */
export function steady(lines: readonly Parsed[]): Parsed[] {
  return lines.map((line) => ({ ...line, at_ms: 0, ...(line.run ? { run: { pid: 1 } } : {}) }));
}

/**
 * What the plugin costs OpenCode: microseconds a forwarded event, beside a bare `appendFileSync` of the same line in
 * the same run, so that the ratio holds on any machine; and milliseconds at its start, beside an empty plugin's.
 * `npm run bench`; with `BUN=…/opencode BUN_BE_BUN=1` in the very run-time of OpenCode 1.x.
 */
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const SHIPPED = join(import.meta.dir, "../exporter/opencode_stats/install/opencode-stats.ts");
const RECORDING = join(import.meta.dir, "../tests/fixtures/recorded/simple-run.jsonl");
const ROUNDS = 400;
const STARTS = 15;
/** OpenCode forwards a few events a second while a model works; the processor has done other things in between. */
const SPACING_MS = 10;

const home = fs.mkdtempSync(join(tmpdir(), "opencode-stats-bench-"));
const env = { PATH: "/usr/bin:/bin", HOME: home, XDG_STATE_HOME: home, XDG_CONFIG_HOME: home };

/** A row of figures, sorted. */
function figures(samples: readonly number[]): { median: number; p99: number } {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
  return { median: at(0.5), p99: at(0.99) };
}

function timed(run: () => void): number {
  const before = performance.now();
  run();
  return (performance.now() - before) * 1000;
}

function recordedSnapshot(): { id: string; properties: { info: Record<string, unknown> } } {
  for (const row of fs.readFileSync(RECORDING, "utf8").split("\n")) {
    if (row.includes('"message.updated"') && row.includes('"completed"')) return JSON.parse(row).payload;
  }
  throw new Error("the recording has no finished message");
}

function print(name: string, { median, p99 }: { median: number; p99: number }, unit: string, ratio = ""): void {
  console.log(`${name.padEnd(44)} ${median.toFixed(2).padStart(9)} ${p99.toFixed(2).padStart(9)} ${unit}  ${ratio}`);
}

async function events(): Promise<void> {
  Object.assign(process.env, env);
  const state = join(home, "opencode-stats");
  fs.mkdirSync(state, { mode: 0o700 });
  const doorbell = join(state, "doorbell");
  Bun.spawnSync(["mkfifo", doorbell]);
  // Opened for both directions, as the exporter does: else the first ring would also be its end of file.
  const reader = Bun.spawn(["sh", "-c", 'exec cat <> "$1"', "sh", doorbell], { stdout: "ignore" });
  const { default: plugin } = await import(SHIPPED);
  const hooks = await plugin.server({ directory: "/home/user/project", worktree: "/", project: { id: "global" } });
  const payload = recordedSnapshot();
  const forward = (number: number) => {
    const event = { ...payload, id: `evt_${number}` };
    return timed(() => void hooks.event({ event }));
  };
  const delta = { id: "evt_delta", type: "message.part.delta", properties: { delta: "word" } };
  forward(0);
  const [spool = ""] = fs.readdirSync(join(state, "spool"));
  const line = `${fs
    .readFileSync(join(state, "spool", spool), "utf8")
    .trimEnd()
    .split("\n")
    .at(-1)}\n`;
  const bare = join(home, "bare.jsonl");
  const append = () => timed(() => fs.appendFileSync(bare, line));

  const spaced = { bare: [] as number[], forwarded: [] as number[], delta: [] as number[] };
  for (let round = 1; round <= ROUNDS; round += 1) {
    await Bun.sleep(SPACING_MS);
    spaced.bare.push(append());
    await Bun.sleep(SPACING_MS);
    spaced.forwarded.push(forward(round));
    await Bun.sleep(SPACING_MS);
    spaced.delta.push(timed(() => void hooks.event({ event: delta })));
  }
  const dense = { bare: [] as number[], forwarded: [] as number[], delta: [] as number[] };
  for (let round = 1; round <= 20 * ROUNDS; round += 1) {
    dense.bare.push(append());
    dense.forwarded.push(forward(ROUNDS + round));
  }
  for (let round = 0; round < 100; round += 1) {
    const many = 10_000;
    const whole = timed(() => {
      for (let index = 0; index < many; index += 1) void hooks.event({ event: delta });
    });
    dense.delta.push(whole / many);
  }
  const written = fs.readFileSync(join(state, "spool", spool), "utf8").split("\n").length - 1;
  await hooks.dispose();
  reader.kill();
  if (written !== 3 + 21 * ROUNDS) throw new Error(`${written} lines were written`);

  console.log(`Bun ${Bun.version}, line of ${line.length} bytes, spool in ${tmpdir()}`);
  console.log(`${"".padEnd(44)} ${"median".padStart(9)} ${"p99".padStart(9)}`);
  for (const [name, samples] of Object.entries({ [`every ${SPACING_MS} ms`]: spaced, "back to back": dense })) {
    const floor = figures(samples.bare);
    const own = figures(samples.forwarded);
    print(`bare appendFileSync, ${name}`, floor, "µs");
    const ratio = `${(own.median / floor.median).toFixed(2)} × bare`;
    print(`forwarded event (append, doorbell), ${name}`, own, "µs", ratio);
    print(`streamed delta (not forwarded), ${name}`, figures(samples.delta), "µs");
  }
}

async function starts(): Promise<void> {
  const empty = join(home, "empty.ts");
  fs.writeFileSync(empty, 'export default { id: "empty", server: async (_input: unknown) => ({}) };\n');
  const child = join(home, "start.ts");
  fs.writeFileSync(
    child,
    `// What OpenCode has loaded long before it loads a plugin.
     for (const name of ["child_process", "fs", "os", "path", "url"]) await import("node:" + name);
     const before = performance.now();
     const { default: plugin } = await import(process.argv[2] as string);
     const loaded = performance.now();
     await plugin.server({ directory: "/home/user/project", worktree: "/", project: { id: "global" } });
     console.log(loaded - before, performance.now() - loaded);`,
  );
  const told = { [SHIPPED]: [[], []] as number[][], [empty]: [[], []] as number[][] };
  for (let start = 0; start < STARTS; start += 1) {
    for (const [path, samples] of Object.entries(told)) {
      const { stdout } = Bun.spawnSync([process.execPath, child, path], {
        env: { ...env, BUN_BE_BUN: process.env.BUN_BE_BUN ?? "" },
      });
      const [load, server] = stdout.toString().split(" ").map(Number);
      samples[0]?.push(load ?? Number.NaN);
      samples[1]?.push(server ?? Number.NaN);
    }
  }
  const whole = (samples: number[][]) => (samples[0] ?? []).map((load, index) => load + (samples[1]?.[index] ?? 0));
  const floor = figures(whole(told[empty] ?? []));
  const own = figures(whole(told[SHIPPED] ?? []));
  print("an empty plugin's start", floor, "ms");
  print("  ours: load", figures(told[SHIPPED]?.[0] ?? []), "ms");
  print("  ours: first instance", figures(told[SHIPPED]?.[1] ?? []), "ms");
  print("  ours: start", own, "ms", `+${(own.median - floor.median).toFixed(2)} ms`);
}

try {
  await events();
  await starts();
} finally {
  fs.rmSync(home, { recursive: true, force: true });
}

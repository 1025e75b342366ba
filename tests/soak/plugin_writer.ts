/** Plays OpenCode to the installed plugin file, in a process of its own: `bun plugin_writer.ts PLAN`, as writer.py. */
import { join } from "node:path";

const plan = JSON.parse(process.argv[2] ?? "{}");
const { default: plugin } = await import(join(import.meta.dir, "../../exporter/opencode_stats/install/opencode-stats.ts"));
const directory = `/soak/${plan.writer}`;
const hooks = await plugin.server({ directory, worktree: "/", project: { id: "global" } });
const sessionID = `ses_soak${plan.writer}`;
let events = 0;

/** One event, as OpenCode 1.x hands it over. */
async function tell(type: string, created_ms: number, properties: Record<string, unknown>): Promise<void> {
  events += 1;
  const number = String(events).padStart(8, "0");
  const id = `evt_${String(created_ms).padStart(14, "0")}${String(plan.writer).padStart(4, "0")}${number}`;
  await hooks.event({ event: { id, type, properties } });
}

const info = { id: sessionID, projectID: "global", directory, version: "1.18.33", time: { created: plan.base_ms - 1 } };
await tell("session.created", plan.base_ms, { sessionID, info });
for (let number = 0; number < plan.messages; number += 1) {
  const created = plan.base_ms + number;
  const stamp = (BigInt(created) << 12n) & 0xffffffffffffn;
  const name = `Soak${String(plan.writer).padStart(4, "0")}${String(number).padStart(6, "0")}`;
  const w = plan.writer;
  const message = {
    id: `msg_${stamp.toString(16).padStart(12, "0")}${name}`,
    sessionID,
    role: "assistant",
    agent: "build",
    providerID: "soak",
    modelID: `soak-${(w + number) % 5}`,
    path: { cwd: directory, root: "/" },
    time: { created },
    cost: 0,
    tokens: { input: 0, output: 0, reasoning: 0, cache: { read: 0, write: 0 } },
  };
  const tokens = {
    input: 1_000 + w,
    output: 1 + number,
    reasoning: (w * number) % 97,
    cache: { read: (w * 31 + number * 7) % 5_000, write: number % 13 },
  };
  const settled = { ...message, cost: 0.001, tokens, finish: "stop" };
  await tell("message.updated", created, { sessionID, info: message });
  await tell("message.updated", created, { sessionID, info: settled });
  const completed = { ...settled, time: { created, completed: created + 1 } };
  await tell("message.updated", created, { sessionID, info: completed });
  if (number % 5 === 4) await tell("session.idle", created, { sessionID });
  await new Promise((done) => setTimeout(done, plan.pause_s * 1000));
}
if (plan.ending === "goodbye") await hooks.dispose?.();
else process.kill(process.pid, "SIGKILL");
process.exit(0);

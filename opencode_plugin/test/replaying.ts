/** A process that plays OpenCode: gives a recording's payloads to the installed file. Prints nothing of its own. */
import { readFileSync } from "node:fs";

interface Recorded {
  readonly hook: string;
  readonly inst: number;
  readonly payload: { readonly input?: unknown; readonly output?: unknown; readonly directory?: string };
}

type Hooks = Record<string, (input: unknown, output?: unknown) => Promise<void>>;

const [recording = "", ...copies] = process.argv.slice(2);
const rows: unknown[] = readFileSync(recording, "utf8")
  .split("\n")
  .filter((row) => row !== "")
  .map((row) => JSON.parse(row));
const plugins = await Promise.all(copies.map(async (copy) => (await import(copy)).default));

async function playV1(calls: readonly Recorded[]): Promise<void> {
  const instances = new Map<number, Hooks[]>();
  for (const { hook, inst, payload } of calls) {
    if (hook === "plugin.init") instances.set(inst, await Promise.all(plugins.map(({ server }) => server(payload))));
    for (const hooks of instances.get(inst) ?? []) {
      // OpenCode does not wait for `event`, and waits for all others.
      if (hook === "event") void hooks.event?.({ event: payload });
      else if (hook === "dispose") await hooks.dispose?.({});
      else await hooks[hook]?.(payload.input, payload.output);
    }
  }
}

async function playV2(events: readonly unknown[]): Promise<void> {
  const ended = Promise.withResolvers<void>();
  async function* stream(): AsyncGenerator<unknown> {
    for (const event of events) yield event;
    ended.resolve();
    await new Promise<never>(() => {});
  }
  const ctx = {
    app: { name: "opencode", version: "2.1.2", channel: "latest" },
    location: { directory: "/home/dev/proj", project: { id: "project", directory: "/home/dev/proj" } },
    event: { subscribe: stream },
    session: { get: async () => ({ location: { directory: "/home/dev/asked" } }) },
  };
  const cleanups = plugins.map(({ setup }) => setup(ctx));
  await ended.promise;
  await Promise.all(cleanups.map((cleanup) => cleanup()));
}

if (recording.includes("v2-constructed")) await playV2(rows.slice(1));
else await playV1(rows as Recorded[]);

/** The plugin fits the types of OpenCode 1.18.33. `tsc` proves it; the test only keeps the file among the tests. */
import { expect, test } from "bun:test";
import type { Hooks, Plugin, PluginInput, PluginModule } from "@opencode-ai/plugin";
import plugin from "../../exporter/opencode_stats/install/opencode-stats.ts";

const server = plugin.server satisfies Plugin;
const module = { id: plugin.id, server: plugin.server } satisfies PluginModule;

/** Each hook that is given takes what OpenCode hands it, and gives back what it waits for. */
type Own = Required<Awaited<ReturnType<typeof plugin.server>>>;
type Given = Required<Hooks>;
type Fits = {
  [Name in keyof Own & keyof Given]: Own[Name] extends Given[Name] ? true : [Name, "does not fit", Given[Name]];
};
const fits: Fits = { event: true, "chat.message": true, "chat.params": true, dispose: true };

test("every hook is one of OpenCode's", async () => {
  expect(module.id).toBe("opencode-stats");
  expect(server).toBe(plugin.server);
  // An input that has nothing at all.
  const hooks = await server({} as unknown as PluginInput);
  expect(Object.keys(hooks).sort()).toEqual(Object.keys(fits).sort());
  await hooks.dispose?.();
});

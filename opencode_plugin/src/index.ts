/** The plugin: what OpenCode 1.x (`server`) and 2.x (`setup`) call. Whatever fails in here, OpenCode never notices. */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { homedir } from "node:os";
import { isAbsolute } from "node:path";
import type { Clock, Host } from "./host.ts";
import { at, text } from "./reading.ts";
import { type Instance, Recorder } from "./recorder.ts";
import { isForwardedV1, type Told, toldByEvent, toldByParams, toldByPrompt } from "./v1.ts";
import { VERSION } from "./version.ts";

/** Where the process keeps what all copies and instances share. `v1` is its shape, `Recorder.shape`. */
const SHARED = Symbol.for("opencode-stats.spool.v1");
/** Every load of this file is a copy of its own. */
const COPY = Symbol("opencode-stats");

const CLOCK: Clock = {
  now_ms: () => Date.now(),
  steady_ms: () => performance.now(),
  later: (run, delay_ms) => {
    setTimeout(run, delay_ms).unref();
  },
};

function realHost(): Host {
  return {
    files: fs,
    clock: CLOCK,
    env: process.env,
    home: isAbsolute(process.env.HOME ?? "") ? (process.env.HOME as string) : homedir(),
    pid: process.pid,
    uid: process.getuid?.() ?? 0,
    spawn,
    atExit: (run) => {
      process.once("exit", run);
    },
  };
}

/** The process's recorder: the one that is there, if it can be worked with, else a new one. */
function recorderFor(instance: Instance): Recorder {
  const shared = globalThis as { [SHARED]?: unknown };
  const there = shared[SHARED];
  const usable = at(there, "shape") === 1 && typeof at(there, "enter") === "function";
  // A server lives for days: an updated plugin takes over as soon as nobody uses the old one.
  const outdated = at(there, "idle") === true && at(there, "version") !== VERSION;
  if (usable && !outdated) return there as Recorder;
  const made = new Recorder(realHost(), VERSION, import.meta.url, instance);
  shared[SHARED] = made;
  return made;
}

/** Hooks are `async` and catch everything: a throw in `event` would hang `opencode run`, a rejection prints. */
async function quietly(tell: () => Told | undefined, recorder: Recorder): Promise<void> {
  try {
    const told = tell();
    if (told !== undefined) recorder.forward(told.key, told.lines);
  } catch {
    // A payload of a shape nobody foresaw: it is dropped. There is no place where OpenCode wants to hear of it.
  }
}

/** The hooks of OpenCode 1.x that are used. */
interface Hooks {
  event?: (given: unknown) => Promise<void>;
  "chat.message"?: (given: unknown, output: unknown) => Promise<void>;
  "chat.params"?: (given: unknown) => Promise<void>;
  dispose?: () => Promise<void>;
}

/** OpenCode 1.x calls this once for every directory it serves, and when it loads a second copy of the plugin. */
async function server(input: unknown): Promise<Hooks> {
  try {
    const directory = text(at(input, "directory"));
    const instance: Instance = {
      copy: COPY,
      api: 1,
      host_version: undefined,
      directory,
      worktree: text(at(input, "worktree")),
      project: text(at(at(input, "project"), "id")),
    };
    const recorder = recorderFor(instance);
    const leave = recorder.enter(instance);
    return {
      event: async (given: unknown): Promise<void> => {
        try {
          const event = at(given, "event");
          if (!isForwardedV1(at(event, "type"))) return;
          const told = toldByEvent(event, directory, Date.now());
          if (told !== undefined) recorder.forward(told.key, told.lines);
        } catch {
          // As in `quietly`; written out so that a streamed word costs one look-up and nothing else.
        }
      },
      "chat.message": (given: unknown, output: unknown) =>
        quietly(() => toldByPrompt(given, output, directory, Date.now()), recorder),
      "chat.params": (given: unknown) => quietly(() => toldByParams(given, Date.now()), recorder),
      dispose: () =>
        quietly(() => {
          leave();
          return undefined;
        }, recorder),
    };
  } catch {
    // No place to write to can be named (no home): without hooks OpenCode works as if we were not there.
    return {};
  }
}

/**
 * OpenCode 2.x calls this once for every location; what it gives back is called when the location goes. 1.x calls it
 * too, with a `ctx` that has no events: then nothing at all happens.
 */
function setup(ctx: unknown): (() => Promise<void>) | undefined {
  try {
    const events = at(ctx, "event") as { subscribe?: (options: { signal: AbortSignal }) => AsyncIterable<unknown> };
    if (typeof at(events, "subscribe") !== "function") return undefined;
    const location = at(ctx, "location");
    const project = at(location, "project");
    const instance: Instance = {
      copy: COPY,
      api: 2,
      host_version: text(at(at(ctx, "app"), "version")),
      directory: text(at(location, "directory")),
      worktree: text(at(project, "directory")),
      project: text(at(project, "id")),
    };
    const recorder = recorderFor(instance);
    const leave = recorder.enter(instance);
    const sessions = at(ctx, "session") as { get?: (input: { sessionID: string }) => Promise<unknown> } | undefined;
    const remove = recorder.relay.add({
      subscribe: (signal) => (events as Required<typeof events>).subscribe({ signal }),
      session: async (sessionID) => sessions?.get?.({ sessionID }),
    });
    return async () => {
      try {
        await remove();
        leave();
      } catch {
        // The location goes whatever we do; the process's exit still ends the run.
      }
    };
  } catch {
    // A `ctx` of a shape nobody foresaw: without us OpenCode works as before.
    return undefined;
  }
}

export default { id: "opencode-stats", server, setup };

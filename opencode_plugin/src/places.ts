/** Where the spool is (docs/spool.md, "Places"). Looks at the plugin's record; makes nothing. */
import { dirname, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Environment, Files } from "./host.ts";
import type { ProcessKey } from "./line.ts";
import { at } from "./reading.ts";

/** What `opencode-stats setup` wrote beside the plugin. */
interface Settings {
  readonly stateDir: string | undefined;
  readonly autostart: readonly string[] | undefined;
}

/** Every place that the plugin writes to, absolute. */
export interface Places {
  readonly state: string;
  readonly spool: string;
  readonly doorbell: string;
  /** Held by an exporter at work. */
  readonly lock: string;
  /** Folders for the loss marker, best first. */
  readonly losses: readonly string[];
  /** The command that starts the exporter, an absolute path first; undefined where the user did not allow it. */
  readonly autostart: readonly string[] | undefined;
}

const APP = "opencode-stats";

/** An XDG variable that is not an absolute path is ignored, as the specification demands. */
function absolute(value: unknown): string | undefined {
  return typeof value === "string" && isAbsolute(value) ? value : undefined;
}

function settingsAt(files: Files, path: string): Settings | undefined {
  try {
    const record: unknown = JSON.parse(files.readFileSync(path, "utf8"));
    if (at(record, "schemaVersion") !== 1) return undefined;
    const command = at(record, "autostart");
    const usable = Array.isArray(command) && command.every((part) => typeof part === "string" && !part.includes("\0"));
    return {
      stateDir: absolute(at(record, "stateDir")),
      autostart: usable && absolute(command[0]) !== undefined ? command : undefined,
    };
  } catch {
    // No record here, or none that can be read: the next place may have one, and the defaults need none.
    return undefined;
  }
}

/**
 * The places that this environment means. `own` is the plugin's own address (`import.meta.url`): the record beside it
 * comes first, then the one in the user's configuration, so that two copies write to one spool.
 */
export function placesOf(files: Files, env: Environment, home: string, uid: number, own: string): Places {
  const configHome = absolute(env.XDG_CONFIG_HOME) ?? join(home, ".config");
  const record = `${APP}.json`;
  const settings =
    settingsAt(files, join(dirname(fileURLToPath(own)), record)) ??
    settingsAt(files, join(configHome, "opencode", "plugins", record));
  const stateHome = absolute(env.XDG_STATE_HOME) ?? join(home, ".local", "state");
  const state = settings?.stateDir ?? join(stateHome, APP);
  const runtime = absolute(env.XDG_RUNTIME_DIR);
  return {
    state,
    spool: join(state, "spool"),
    doorbell: join(state, "doorbell"),
    lock: join(state, "lock"),
    losses: [
      join(state, "losses"),
      ...(runtime === undefined ? [] : [join(runtime, `${APP}-losses`)]),
      join(absolute(env.TMPDIR) ?? "/tmp", `${APP}-losses-${uid}`),
    ],
    autostart: settings?.autostart,
  };
}

function told<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch {
    // A system without /proc (macOS), or one that hides it: what is unknown stays unknown.
    return undefined;
  }
}

/** When a process started, in clock ticks since boot (field 22 of proc(5)'s stat); undefined for none. */
export function startTicksOf(files: Files, pid: string): number | undefined {
  return told(() => {
    const stat = files.readFileSync(`/proc/${pid}/stat`, "utf8");
    // Field 2 is the program's name in parentheses and may hold spaces; field 3 follows the last one.
    const ticks = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
    return Number.isSafeInteger(ticks) ? ticks : undefined;
  });
}

/** Who this process is. In a worker thread too `/proc/self` is the process. */
export function processKey(files: Files, pid: number): ProcessKey {
  return {
    pid,
    boot_id: told(() => files.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim() || undefined),
    pid_ns: told(() => /\[(\d+)\]/.exec(files.readlinkSync("/proc/self/ns/pid", "utf8"))?.[1]),
    start_ticks: startTicksOf(files, "self"),
  };
}

/** The name of a process's spool file, without its ending. */
export function spoolName(run: ProcessKey): string {
  return `${run.pid}-${run.start_ticks ?? 0}-${run.boot_id?.slice(0, 8) ?? 0}`;
}

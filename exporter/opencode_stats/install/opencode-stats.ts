// opencode-stats: forwards what happens in OpenCode to the exporter of opencode-stats, which counts it.
//
// Forwarded, as lines of JSON in a folder of yours (~/.local/state/opencode-stats/spool): ids of conversations and
// messages, token counts, costs, times, directories, and the names of models, providers, agents and errors.
// What never leaves OpenCode through this file: prompts, answers, reasoning, titles, tool names and arguments, file
// contents, diffs, permission patterns, questions and the texts of errors. Nothing is sent over a network.
//
// It serves OpenCode 1.x (`server`) and 2.x (`setup`) and imports nothing but Node's own modules.
// Generated from opencode_plugin/src by opencode_plugin/build.ts: edit there.
// SPDX-License-Identifier: MIT

import { type SpawnOptions, spawn } from "node:child_process";
import * as fs from "node:fs";
import { type Stats, constants } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";

// ---- line.ts -------------------------------------------------------------------------------------------------------

/** One line of the spool. docs/spool.md is the contract; the names here are the line's keys. */

/** Five disjoint kinds of tokens; their sum is what a request cost. Whole numbers from 0 to 2^53−1. */
interface Tokens {
  readonly input: number;
  readonly output: number;
  readonly reasoning: number;
  readonly cache_read: number;
  readonly cache_write: number;
}

/** Names one process of one boot for ever; what the system does not tell is left out. */
interface ProcessKey {
  readonly pid: number;
  readonly boot_id?: string | undefined;
  readonly pid_ns?: string | undefined;
  readonly start_ticks?: number | undefined;
}

type Text = string | undefined;
type Whole = number | undefined;

/** What one assistant message is known to be, so far. */
interface MessageSnapshot {
  readonly type: "message.snapshot";
  readonly at_ms: number;
  readonly event?: Text;
  readonly conversation: string;
  readonly message: string;
  readonly parent?: Text;
  readonly agent?: Text;
  readonly provider?: Text;
  readonly model?: Text;
  readonly variant?: Text;
  readonly directory?: Text;
  readonly root?: Text;
  readonly tokens?: Tokens | undefined;
  readonly cost_usd?: number | undefined;
  readonly created_ms?: Whole;
  readonly completed_ms?: Whole;
  readonly finish?: Text;
  readonly error?: Text;
  readonly summary?: true | undefined;
}

/** A conversation exists, or stopped existing. */
interface ConversationSeen {
  readonly type: "conversation.seen";
  readonly at_ms: number;
  readonly conversation: string;
  readonly change: "created" | "updated" | "deleted";
  readonly parent?: Text;
  readonly fork_of?: Text;
  readonly directory?: Text;
  readonly project?: Text;
  readonly agent?: Text;
  readonly created_ms?: Whole;
  readonly host_version?: Text;
}

/** Every other kind of line, told apart by `type`. */
type Line =
  | MessageSnapshot
  | ConversationSeen
  | {
      readonly type: "run.started";
      readonly at_ms: number;
      readonly run: ProcessKey;
      readonly api: 1 | 2;
      readonly plugin_version: string;
      readonly host_version?: Text;
    }
  | { readonly type: "run.ended"; readonly at_ms: number }
  | {
      readonly type: "workspace.opened";
      readonly at_ms: number;
      readonly directory: string;
      readonly worktree?: Text;
      readonly project?: Text;
    }
  | { readonly type: "workspace.closed"; readonly at_ms: number; readonly directory: string }
  | {
      readonly type: "prompt.submitted";
      readonly at_ms: number;
      readonly conversation: string;
      readonly message: string;
      readonly agent?: Text;
      readonly provider?: Text;
      readonly model?: Text;
      readonly directory?: Text;
    }
  | {
      readonly type: "conversation.usage";
      readonly at_ms: number;
      readonly conversation: string;
      readonly tokens: Tokens;
      readonly cost_usd?: number | undefined;
    }
  | {
      readonly type: "conversation.status";
      readonly at_ms: number;
      readonly conversation: string;
      readonly status: "busy" | "retry" | "idle";
      readonly directory?: Text;
    }
  | {
      readonly type: "conversation.idle";
      readonly at_ms: number;
      readonly conversation: string;
      readonly outcome?: "succeeded" | "failed" | "interrupted";
    }
  | {
      readonly type: "conversation.failed";
      readonly at_ms: number;
      readonly error: string;
      readonly conversation?: Text;
    }
  | { readonly type: "conversation.compacted"; readonly at_ms: number; readonly conversation: string }
  | {
      readonly type: "request.opened";
      readonly at_ms: number;
      readonly request: string;
      readonly kind: "permission" | "question";
      readonly conversation?: Text;
      readonly about?: Text;
    }
  | { readonly type: "request.closed"; readonly at_ms: number; readonly request: string; readonly conversation?: Text }
  | {
      readonly type: "title.requested";
      readonly at_ms: number;
      readonly conversation: string;
      readonly message: string;
      readonly provider?: Text;
      readonly model?: Text;
    }
  | {
      readonly type: "spool.lost";
      readonly at_ms: number;
      readonly lines: number;
      readonly reason: string;
      readonly first_ms: number;
      readonly last_ms: number;
    };

/** The line as it is written, with its ending. `JSON.stringify` leaves out the keys that are undefined. */
function encode(line: Line): string {
  return `{"v":1,${JSON.stringify(line).slice(1)}\n`;
}

// ---- reading.ts ----------------------------------------------------------------------------------------------------

/**
 * Takes values out of payloads that promise nothing: what is missing, of another type or out of range is undefined.
 * A getter or a proxy may throw here; the hooks' guards catch it and the event is dropped.
 */

const LONGEST_TEXT = 4096;
const SHORTENED_TO = 64;
const DIGEST_DIGITS = 32;
/** The last millisecond of the year 9999. */
const LATEST_INSTANT_MS = 253_402_300_799_999;
const LARGEST_COST_USD = 1e9;
/** A name as programs give it. What has spaces or is longer is a sentence, and sentences stay in OpenCode. */
const NAME = /^[A-Za-z][\w.:/-]{0,127}$/;

/** The value under `key`, undefined where `from` is no object. */
function at(from: unknown, key: string): unknown {
  return typeof from === "object" && from !== null ? (from as Record<string, unknown>)[key] : undefined;
}

/** An id, a path or a name of 1 to 4096 characters; undefined too where UTF-8 cannot say it (a lone surrogate). */
function text(value: unknown): string | undefined {
  return typeof value === "string" && value.length > 0 && value.length <= LONGEST_TEXT && value.isWellFormed()
    ? value
    : undefined;
}

/**
 * The name of a model, a provider or an agent. One of more than 4096 characters is its beginning and its digest, so that
 * its usage is counted under a name of its own; the exporter does the same (core/bounds.py).
 */
function name(value: unknown): string | undefined {
  if (typeof value !== "string" || value.length <= LONGEST_TEXT || !value.isWellFormed()) return text(value);
  // Characters, not the halves of surrogate pairs: as the exporter counts them.
  const beginning = Array.from(value.slice(0, 2 * SHORTENED_TO))
    .slice(0, SHORTENED_TO)
    .join("");
  if (value.length <= 2 * LONGEST_TEXT && Array.from(value).length <= LONGEST_TEXT) return value;
  // Asked for when there is such a name: to import it takes longer than all the rest of the plugin's start.
  const crypto = process.getBuiltinModule?.("node:crypto");
  if (crypto === undefined) return undefined;
  return `${beginning}…${crypto.createHash("sha256").update(value).digest("hex").slice(0, DIGEST_DIGITS)}`;
}

/** A word like `stop` or `tool-calls`. */
function word(value: unknown): string | undefined {
  return typeof value === "string" && NAME.test(value) ? value : undefined;
}

/** The name of an error, never what it says. */
function errorName(value: unknown): string {
  return word(value) ?? "UnknownError";
}

/** Unix milliseconds between 1970 and 9999, whole. */
function instant(value: unknown): number | undefined {
  return typeof value === "number" && value >= 0 && value <= LATEST_INSTANT_MS ? Math.trunc(value) : undefined;
}

/** US dollars, 0 to 10^9. */
function cost(value: unknown): number | undefined {
  return typeof value === "number" && value >= 0 && value <= LARGEST_COST_USD ? value : undefined;
}

/** OpenCode's own rule for what a provider reports: below zero or not finite is 0. */
function count(value: unknown): number {
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0) return 0;
  return Math.min(Math.trunc(value), Number.MAX_SAFE_INTEGER);
}

/** OpenCode's `{input, output, reasoning, cache: {read, write}}`; undefined where there is none of it. */
function tokens(value: unknown): Tokens | undefined {
  const cache = at(value, "cache");
  const input = at(value, "input");
  const output = at(value, "output");
  const reasoning = at(value, "reasoning");
  const read = at(cache, "read");
  const write = at(cache, "write");
  if (![input, output, reasoning, read, write].some((each) => typeof each === "number")) return undefined;
  return {
    input: count(input),
    output: count(output),
    reasoning: count(reasoning),
    cache_read: count(read),
    cache_write: count(write),
  };
}

/**
 * The kinds of permission that OpenCode 1.x and 2.x have of their own. Any other is named after a tool of the user's
 * (an MCP server's, a plugin's), and tool names stay in OpenCode.
 */
const PERMISSIONS: ReadonlySet<string> = new Set([
  ...["bash", "codesearch", "doom_loop", "edit", "external_directory", "glob", "grep", "list", "lsp", "patch"],
  ...["plan_enter", "plan_exit", "question", "read", "shell", "skill", "subagent", "task", "todoread", "todowrite"],
  ...["webfetch", "websearch", "write"],
]);

/** The kind of a permission, `other` for those that are not OpenCode's own. */
function permissionKind(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  return PERMISSIONS.has(value) ? value : "other";
}

// ---- host.ts -------------------------------------------------------------------------------------------------------

/** What the machine lends the plugin, as parameters with names: tests put their own in. */

/** The calls on files that this plugin makes. Tests make each of them fail. */
type Files = Pick<
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
interface Clock {
  /** Unix milliseconds. */
  now_ms(): number;
  /** Milliseconds that only grow. */
  steady_ms(): number;
  /** Calls back later without keeping the process alive. */
  later(run: () => void, delay_ms: number): void;
}

/** The variables of the environment, as `process.env` has them. */
type Environment = Readonly<Record<string, string | undefined>>;

/** `node:child_process`'s `spawn`, as far as it is used. */
type Spawn = (
  program: string,
  args: readonly string[],
  options: SpawnOptions,
) => { on(event: "error", listener: () => void): unknown; unref(): void };

/** All of it. */
interface Host {
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
const CLOSE_ON_EXEC = process.platform === "linux" ? 0o2000000 : 0;

/** The short name of what went wrong, never its sentence (which has paths in it). */
function reasonOf(error: unknown): string {
  return word(at(error, "code")) ?? word(at(error, "name")) ?? "UnknownError";
}

/** An error that is known by its code, like those of the system. */
function coded(code: string): Error {
  return Object.assign(new Error(code), { code });
}

// ---- autostart.ts --------------------------------------------------------------------------------------------------

/** Starts the exporter where the user allowed it and none runs. Wholly apart from OpenCode: it outlives it. */

/** An exporter that does not stay up is not started again sooner than this. */
const BETWEEN_MS = 60_000;
/** What an exporter needs to find its files and its desktop. Everything else, API keys above all, stays here. */
const PASSED_ON = /^(HOME|USER|LOGNAME|LANG|LC_[A-Z]+|TZ|XDG_[A-Z_]+|PATH|DBUS_SESSION_BUS_ADDRESS|TMPDIR)$/;

/** The part of an environment that is passed on. */
function scrubbed(env: Environment): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && PASSED_ON.test(name)) kept[name] = value;
  }
  return kept;
}

/** Starts one command, now and then. Nothing here throws. */
class Autostart {
  readonly #command: readonly string[] | undefined;
  readonly #env: Environment;
  readonly #clock: Clock;
  readonly #spawn: Spawn;
  #lastTry_ms: number | undefined;

  /** `command` has an absolute path first; undefined where nothing is to be started. */
  constructor(command: readonly string[] | undefined, env: Environment, clock: Clock, spawn: Spawn) {
    this.#command = command;
    this.#env = env;
    this.#clock = clock;
    this.#spawn = spawn;
  }

  /** Nobody answered the doorbell: start the exporter after OpenCode's own work, if it is time to. */
  unanswered(): void {
    const [program, ...args] = this.#command ?? [];
    if (program === undefined) return;
    const now_ms = this.#clock.steady_ms();
    if (this.#lastTry_ms !== undefined && now_ms - this.#lastTry_ms < BETWEEN_MS) return;
    this.#lastTry_ms = now_ms;
    this.#clock.later(() => this.#start(program, args), 0);
  }

  #start(program: string, args: readonly string[]): void {
    try {
      // `detached` is a session of its own; both Buns close every other descriptor in the child.
      const options: SpawnOptions = { cwd: "/", detached: true, env: scrubbed(this.#env), stdio: "ignore" };
      const child = this.#spawn(program, args, options);
      // The program may be gone since `setup`. `opencode-stats doctor` says so; OpenCode's terminal is not ours.
      child.on("error", () => {});
      child.unref();
    } catch {
      // The same, told at once instead of later.
    }
  }
}

// ---- doorbell.ts ---------------------------------------------------------------------------------------------------

/** Wakes the exporter: one byte into its named pipe, or nothing. Never waits, never throws. */

const RING = new Uint8Array([0x0a]);
/** `O_NONBLOCK`: to open a pipe that nobody reads is ENXIO then, to write to a full one EAGAIN (fifo(7)). */
const RINGING = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW | CLOSE_ON_EXEC;

/** `absent`: no exporter listens. `refused`: there is something else in the pipe's place. */
type Rung = "rung" | "absent" | "refused";

/**
 * The exporter's pipe. It stays open between rings, which halves what one costs. That an exporter ended shows at the
 * next ring (EPIPE; both Buns ignore SIGPIPE), and then the path is looked at anew.
 */
class Doorbell {
  readonly #files: Files;
  readonly #path: string;
  #open: { readonly fd: number; readonly inode: number } | undefined;

  constructor(files: Files, path: string) {
    this.#files = files;
    this.#path = path;
  }

  /** Wakes whoever reads the pipe. */
  ring(): Rung {
    const fresh = this.#open === undefined;
    const rung = this.#try();
    return rung === "rung" || fresh ? rung : this.#try();
  }

  #try(): Rung {
    try {
      this.#open ??= this.#opened();
      const { fd, inode } = this.#open;
      const found = this.#files.fstatSync(fd);
      // Not a pipe, or a descriptor that somebody closed behind us and that is another file's by now: hands off.
      if (!found.isFIFO() || found.ino !== inode) {
        this.#open = undefined;
        if (found.ino === inode) this.#close(fd);
        return "refused";
      }
      this.#files.writeSync(fd, RING, 0, 1);
      return "rung";
    } catch (error) {
      const code = at(error, "code");
      // A full pipe has rung already.
      if (code === "EAGAIN") return "rung";
      if (this.#open !== undefined) this.#close(this.#open.fd);
      this.#open = undefined;
      return code === "ENXIO" || code === "ENOENT" || code === "EPIPE" ? "absent" : "refused";
    }
  }

  #opened(): { readonly fd: number; readonly inode: number } {
    const fd = this.#files.openSync(this.#path, RINGING);
    try {
      return { fd, inode: this.#files.fstatSync(fd).ino };
    } catch (error) {
      this.#close(fd);
      throw error;
    }
  }

  #close(fd: number): void {
    try {
      this.#files.closeSync(fd);
    } catch {
      // The descriptor is gone whatever close says (close(2)).
    }
  }
}

// ---- folders.ts ----------------------------------------------------------------------------------------------------

/** Folders that are their owner's alone, whatever OpenCode's umask. */

/** Rights of others to write. */
const GROUP_OR_WORLD = 0o022;
const WORLD = 0o002;

/**
 * Makes the folder and what is missing above it. One that is a link, somebody else's, or that those may write to who
 * are named by `forbidden` may be a trap: an error with the code `NotOurs`.
 */
function ownFolder(files: Files, folder: string, uid: number, forbidden: number): void {
  make(files, folder);
  const found = files.lstatSync(folder);
  if (!found.isDirectory() || found.uid !== uid || (found.mode & forbidden) !== 0) throw coded("NotOurs");
}

function make(files: Files, folder: string): void {
  try {
    makeHere(files, folder);
  } catch (error) {
    if (at(error, "code") !== "ENOENT" || dirname(folder) === folder) throw error;
    make(files, dirname(folder));
    makeHere(files, folder);
  }
}

function makeHere(files: Files, folder: string): void {
  try {
    files.mkdirSync(folder, 0o700);
  } catch (error) {
    if (at(error, "code") === "EEXIST") return;
    throw error;
  }
  files.chmodSync(folder, 0o700);
}

// ---- losses.ts -----------------------------------------------------------------------------------------------------

/** The loss marker: a small file that says, while lines cannot be kept, that they are missing (docs/spool.md). */

/** Lines that could not be kept so far. */
interface Loss {
  readonly lines: number;
  readonly reason: string;
  readonly first_ms: number;
  readonly last_ms: number;
}

/** One process's marker, in the first of its folders that takes it. Nothing here throws. */
class LossMarker {
  readonly #files: Files;
  readonly #folders: readonly string[];
  readonly #name: string;
  readonly #pid: number;
  readonly #uid: number;
  #standing: string | undefined;

  /** `name` is the spool file's, without its ending. */
  constructor(files: Files, folders: readonly string[], name: string, pid: number, uid: number) {
    this.#files = files;
    this.#folders = folders;
    this.#name = name;
    this.#pid = pid;
    this.#uid = uid;
  }

  /** Says what is missing, in place of what was said before. */
  write(loss: Loss): void {
    const { lines, reason, first_ms, last_ms } = loss;
    const content = { schemaVersion: 1, pid: this.#pid, lines, reason, firstMs: first_ms, lastMs: last_ms };
    for (const folder of this.#folders) {
      const path = join(folder, `${this.#name}.json`);
      try {
        this.#replace(folder, path, `${JSON.stringify(content)}\n`);
      } catch {
        // This folder is as broken as the spool's; the next may not be.
        continue;
      }
      if (this.#standing !== path) this.remove();
      this.#standing = path;
      return;
    }
  }

  /** Takes the marker away: nothing is missing any more. */
  remove(): void {
    if (this.#standing === undefined) return;
    this.#drop(this.#standing);
    this.#standing = undefined;
  }

  #replace(folder: string, path: string, content: string): void {
    // A folder in a shared place may be somebody else's trap.
    ownFolder(this.#files, folder, this.#uid, GROUP_OR_WORLD);
    const draft = `${path}.tmp`;
    this.#drop(draft);
    const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
    const fd = this.#files.openSync(draft, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | CLOSE_ON_EXEC, 0o600);
    try {
      this.#files.fchmodSync(fd, 0o600);
      const bytes = Buffer.from(content);
      if (this.#files.writeSync(fd, bytes, 0, bytes.length) < bytes.length) throw coded("ShortWrite");
      this.#files.renameSync(draft, path);
    } catch (error) {
      this.#drop(draft);
      throw error;
    } finally {
      this.#files.closeSync(fd);
    }
  }

  #drop(path: string): void {
    try {
      this.#files.unlinkSync(path);
    } catch {
      // It is not there, or cannot go: the exporter looks at the process it names before it believes it.
    }
  }
}

// ---- places.ts -----------------------------------------------------------------------------------------------------

/** Where the spool is (docs/spool.md, "Places"). Looks at the plugin's record; makes nothing. */

/** What `opencode-stats setup` wrote beside the plugin. */
interface Settings {
  readonly stateDir: string | undefined;
  readonly autostart: readonly string[] | undefined;
}

/** Every place that the plugin writes to, absolute. */
interface Places {
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
function placesOf(files: Files, env: Environment, home: string, uid: number, own: string): Places {
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
function startTicksOf(files: Files, pid: string): number | undefined {
  return told(() => {
    const stat = files.readFileSync(`/proc/${pid}/stat`, "utf8");
    // Field 2 is the program's name in parentheses and may hold spaces; field 3 follows the last one.
    const ticks = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
    return Number.isSafeInteger(ticks) ? ticks : undefined;
  });
}

/** Who this process is. In a worker thread too `/proc/self` is the process. */
function processKey(files: Files, pid: number): ProcessKey {
  return {
    pid,
    boot_id: told(() => files.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim() || undefined),
    pid_ns: told(() => /\[(\d+)\]/.exec(files.readlinkSync("/proc/self/ns/pid", "utf8"))?.[1]),
    start_ticks: startTicksOf(files, "self"),
  };
}

/** The name of a process's spool file, without its ending. */
function spoolName(run: ProcessKey): string {
  return `${run.pid}-${run.start_ticks ?? 0}-${run.boot_id?.slice(0, 8) ?? 0}`;
}

// ---- spool.ts ------------------------------------------------------------------------------------------------------

/**
 * Appends lines to the process's spool file, each by one write, at once: a killed OpenCode loses nothing already seen.
 * Where that fails the lines are held back, within bounds, and tried again.
 */

/** Lines and bytes that are held back at most; what is older goes. */
const MOST_LINES = 1000;
const MOST_BYTES = 1024 * 1024;
/** A broken disk is tried this often at most, and ever more rarely while nothing happens. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;
const NEWLINE = 0x0a;
/** A file of this size is full: nobody writes to it any more, and its process goes on in the next part. */
const FULL_BYTES = 8 * 1024 * 1024;

/** Not through a link somebody else laid; `O_NONBLOCK` so that a pipe in the file's place cannot stop OpenCode. */
const OPEN_FLAGS =
  constants.O_APPEND |
  constants.O_CREAT |
  constants.O_WRONLY |
  constants.O_NOFOLLOW |
  constants.O_NONBLOCK |
  CLOSE_ON_EXEC;

/** One process's spool file, and the parts that follow when one is full. Nothing here throws. */
class Spool {
  readonly #files: Files;
  readonly #stem: string;
  readonly #uid: number;
  readonly #opening: Line;
  readonly #clock: Clock;
  readonly #marker: LossMarker;
  readonly #written: () => void;
  readonly #turned: () => void;
  #part = 0;
  #size = 0;
  #fd: number | undefined;
  #inode: number | undefined;
  /** The opening line is in the file that is open. */
  #opened = false;
  #held: { readonly bytes: Uint8Array; readonly at_ms: number }[] = [];
  #heldBytes = 0;
  #lost: Loss | undefined;
  #reason = "";
  #retryAt_ms = 0;
  #pause_ms = FIRST_PAUSE_MS;
  #waiting = false;

  /**
   * `stem` is the file's path without its ending, `uid` whose file and folder it has to be, `opening` the first line of
   * every file this makes; `written` is called after lines were written, `turned` when a full file was left for the next.
   */
  constructor(
    files: Files,
    stem: string,
    uid: number,
    opening: Line,
    clock: Clock,
    marker: LossMarker,
    written: () => void,
    turned: () => void,
  ) {
    this.#files = files;
    this.#stem = stem;
    this.#uid = uid;
    this.#opening = opening;
    this.#clock = clock;
    this.#marker = marker;
    this.#written = written;
    this.#turned = turned;
  }

  get #path(): string {
    return `${this.#stem}${this.#part > 0 ? `.${this.#part}` : ""}.jsonl`;
  }

  /** Writes lines, or holds them back. */
  append(lines: readonly Line[]): void {
    for (const line of lines) this.#hold(Buffer.from(encode(line)), line.at_ms);
    if (this.#clock.steady_ms() >= this.#retryAt_ms) this.drain();
  }

  /** Writes what is held back, now, however lately it failed. */
  drain(): void {
    if (this.#opened && this.#held.length === 0 && this.#lost === undefined) return;
    let wrote = false;
    try {
      wrote = this.#begin();
      if (this.#lost !== undefined) {
        const lost: Line = { type: "spool.lost", at_ms: this.#clock.now_ms(), ...this.#lost };
        this.#line(Buffer.from(encode(lost)));
        this.#lost = undefined;
        wrote = true;
      }
      let first = this.#held[0];
      while (first !== undefined) {
        this.#line(first.bytes);
        this.#held.shift();
        this.#heldBytes -= first.bytes.length;
        wrote = true;
        first = this.#held[0];
      }
      this.#retryAt_ms = 0;
      this.#pause_ms = FIRST_PAUSE_MS;
      this.#marker.remove();
    } catch (error) {
      this.#failed(error);
    }
    if (wrote) this.#written();
  }

  /** Gives the file back. A later line opens it again. */
  close(): void {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd === undefined) return;
    try {
      this.#files.closeSync(fd);
    } catch {
      // Every line is written already; the descriptor is gone whatever close says (close(2)).
    }
  }

  #hold(bytes: Uint8Array, at_ms: number): void {
    this.#held.push({ bytes, at_ms });
    this.#heldBytes += bytes.length;
    while (this.#held.length > MOST_LINES || this.#heldBytes > MOST_BYTES) {
      const oldest = this.#held.shift();
      if (oldest === undefined) return;
      this.#heldBytes -= oldest.bytes.length;
      const lines = (this.#lost?.lines ?? 0) + 1;
      const first_ms = this.#lost?.first_ms ?? oldest.at_ms;
      this.#lost = { lines, reason: this.#reason || "full", first_ms, last_ms: oldest.at_ms };
    }
  }

  /** Opens the file, and writes its first line if it has none of ours; whether it did. */
  #begin(): boolean {
    this.#open();
    if (this.#opened) return false;
    this.#put(Buffer.from(encode(this.#opening)));
    this.#opened = true;
    return true;
  }

  #line(bytes: Uint8Array): void {
    if (this.#size >= FULL_BYTES) this.#begin();
    this.#put(bytes);
  }

  #open(): void {
    const before = this.#fd === undefined ? undefined : this.#files.fstatSync(this.#fd);
    // Somebody closed our descriptor and its number is another file's by now: that one is not ours to write or close.
    if (before !== undefined && before.ino !== this.#inode) this.#fd = undefined;
    // Somebody deleted the file: what we write into it would be seen by nobody.
    else if (before !== undefined && (before.nlink === 0 || before.size >= FULL_BYTES)) this.close();
    else if (before !== undefined) this.#size = before.size;
    if (this.#fd === undefined) {
      ownFolder(this.#files, dirname(this.#path), this.#uid, WORLD);
      let found = this.#opens();
      while (found.size >= FULL_BYTES) {
        this.close();
        this.#part += 1;
        found = this.#opens();
        this.#turned();
      }
      this.#size = found.size;
      if (found.ino !== this.#inode || found.size === 0) this.#opened = false;
      this.#inode = found.ino;
      // Another copy of the plugin, or we before a failure, may have left half a line: end it, so that it spoils no
      // other. If it was ours it is still held and comes again, whole.
      if (found.size > 0 && this.#lastByte(found.size) !== NEWLINE) this.#put(Buffer.of(NEWLINE));
    }
  }

  #opens(): Stats {
    this.#fd = this.#files.openSync(this.#path, OPEN_FLAGS, 0o600);
    const found = this.#files.fstatSync(this.#fd);
    if (!found.isFile()) throw coded("NotAFile");
    if (found.uid !== this.#uid) throw coded("NotOurs");
    // The umask may have taken rights away, its owner's own among them.
    if (found.size === 0) this.#files.fchmodSync(this.#fd, 0o600);
    return found;
  }

  #lastByte(size: number): number | undefined {
    const reading = this.#files.openSync(this.#path, constants.O_RDONLY | constants.O_NOFOLLOW | CLOSE_ON_EXEC);
    try {
      const last = new Uint8Array(1);
      this.#files.readSync(reading, last, 0, 1, size - 1);
      return last[0];
    } finally {
      this.#files.closeSync(reading);
    }
  }

  #put(bytes: Uint8Array): void {
    const written = this.#files.writeSync(this.#fd ?? -1, bytes, 0, bytes.length);
    this.#size += written;
    if (written < bytes.length) throw coded("ShortWrite");
  }

  #failed(error: unknown): void {
    // Opened anew, the file is looked at anew.
    this.close();
    this.#reason = reasonOf(error);
    this.#retryAt_ms = this.#clock.steady_ms() + FIRST_PAUSE_MS;
    this.#mark();
    if (this.#waiting) return;
    this.#waiting = true;
    this.#clock.later(() => {
      this.#waiting = false;
      if (this.#retryAt_ms > 0) this.drain();
    }, this.#pause_ms);
    this.#pause_ms = Math.min(this.#pause_ms * 2, LONGEST_PAUSE_MS);
  }

  #mark(): void {
    const lines = this.#held.length + (this.#lost?.lines ?? 0);
    if (lines === 0) return;
    const first_ms = this.#lost?.first_ms ?? this.#held[0]?.at_ms ?? 0;
    const last_ms = this.#held.at(-1)?.at_ms ?? this.#lost?.last_ms ?? 0;
    this.#marker.write({ lines, reason: this.#reason, first_ms, last_ms });
  }
}

// ---- cap.ts --------------------------------------------------------------------------------------------------------

/**
 * Keeps the spool within its bound while no exporter takes it in (docs/spool.md, "How large it gets"): the oldest files
 * that nobody writes to any more go, and the loss is written down.
 */

/** What all spool files together may take on the disk, in whole blocks. */
const CAP_BYTES = 64 * 1024 * 1024;
const BLOCK_BYTES = 4096;
/** After OpenCode's start, which is nobody's time to look through folders. */
const LOOK_AFTER_MS = 1000;
/** Files that are looked at in one turn of the event loop: half a millisecond. */
const FILES_A_TURN = 200;
/** A foreign file that is larger than any of ours is not read. */
const LARGEST_BYTES = 2 * FULL_BYTES;
const SPOOL_FILE =
  /^(?<base>(?<pid>[1-9]\d{0,9})-(?<ticks>\d{1,18})-(?<boot>[0-9a-f]{8}|0))(?:\.(?<part>[1-9]\d{0,5}))?\.jsonl$/;
const REASON = "SpoolFull";
const LINE_END = 0x0a;
const LOST_BEFORE = Buffer.from('\n{"v":1,"type":"spool.lost",');

interface SpoolFile {
  readonly name: string;
  readonly bytes: number;
  readonly blocks_bytes: number;
  readonly written_ms: number;
  readonly uid: number;
}

/** Looks at the folder now and then. Nothing here throws. */
class SpoolCap {
  readonly #files: Files;
  readonly #clock: Clock;
  readonly #places: Places;
  readonly #run: ProcessKey;
  readonly #uid: number;
  readonly #doorbell: Doorbell;
  readonly #lost: (loss: Loss) => void;
  #looking = false;

  /** `lost` is told what went with each file that was removed. */
  constructor(
    files: Files,
    clock: Clock,
    places: Places,
    run: ProcessKey,
    uid: number,
    doorbell: Doorbell,
    lost: (loss: Loss) => void,
  ) {
    this.#files = files;
    this.#clock = clock;
    this.#places = places;
    this.#run = run;
    this.#uid = uid;
    this.#doorbell = doorbell;
    this.#lost = lost;
  }

  /** Looks through the folder soon, a little at a time. */
  look(): void {
    if (this.#looking) return;
    this.#looking = true;
    this.#next(() => {
      const names = this.#files.readdirSync(this.#places.spool).filter((name) => SPOOL_FILE.test(name));
      this.#measure(names, []);
    }, LOOK_AFTER_MS);
  }

  #next(turn: () => void, delay_ms = 0): void {
    this.#clock.later(() => {
      try {
        turn();
      } catch {
        // No folder yet, or a disk that fails: the next look may see more, and what is lost there the spool says.
        this.#looking = false;
      }
    }, delay_ms);
  }

  #measure(names: string[], found: SpoolFile[]): void {
    for (const name of names.splice(0, FILES_A_TURN)) {
      const file = this.#stat(name);
      if (file !== undefined) found.push(file);
    }
    if (names.length > 0) {
      this.#next(() => this.#measure(names, found));
      return;
    }
    const excess_bytes = found.reduce((sum, file) => sum + file.blocks_bytes, -CAP_BYTES);
    found.sort((one, other) => one.written_ms - other.written_ms || (one.name < other.name ? -1 : 1));
    this.#shrink(excess_bytes, found);
  }

  #stat(name: string): SpoolFile | undefined {
    try {
      const found = this.#files.lstatSync(join(this.#places.spool, name));
      if (!found.isFile()) return undefined;
      const blocks_bytes = Math.ceil(found.size / BLOCK_BYTES) * BLOCK_BYTES;
      return { name, bytes: found.size, blocks_bytes, written_ms: found.mtimeMs, uid: found.uid };
    } catch {
      // It went since the folder was read.
      return undefined;
    }
  }

  /** Removes one file, the oldest that may go, and comes again while there is too much. */
  #shrink(excess_bytes: number, oldest: SpoolFile[]): void {
    this.#looking = false;
    if (excess_bytes <= 0 || this.#isTakenIn()) return;
    for (let looked = 0; looked < FILES_A_TURN; looked += 1) {
      const file = oldest.shift();
      if (file === undefined) return;
      const loss = this.#removed(file);
      if (loss === undefined) continue;
      this.#lost(loss);
      excess_bytes -= file.blocks_bytes;
      break;
    }
    this.#looking = true;
    this.#next(() => this.#shrink(excess_bytes, oldest));
  }

  /** Whether an exporter is at work, or may be: then what is in the folder is its business. */
  #isTakenIn(): boolean {
    // A daemon listens to the doorbell, in whatever container it is; a command that works for a moment has the lock.
    if (this.#doorbell.ring() !== "absent") return true;
    let inode: number;
    try {
      inode = this.#files.lstatSync(this.#places.lock).ino;
    } catch (error) {
      return at(error, "code") !== "ENOENT";
    }
    try {
      const locks = this.#files.readFileSync("/proc/locks", "utf8").split("\n");
      return locks.some((lock) => lock.includes("FLOCK") && lock.includes(`:${inode} `));
    } catch {
      // Without /proc/locks it can't be told.
      return true;
    }
  }

  /** Removes a file whose writer is certainly gone, and gives what went with it; undefined where it stays. */
  #removed(file: SpoolFile): Loss | undefined {
    const path = join(this.#places.spool, file.name);
    if (file.uid !== this.#uid || file.bytes > LARGEST_BYTES) return undefined;
    try {
      if (!this.#mayBeOver(file)) return undefined;
      const content = this.#files.readFileSync(path);
      if (!this.#isOver(file, content)) return undefined;
      this.#files.unlinkSync(path);
      return lossOf(content, file.written_ms);
    } catch {
      // Another OpenCode, or an exporter, was faster, and it is theirs to tell; or whose it is can't be told (no /proc).
      return undefined;
    }
  }

  /** What the name tells: a live process's file never goes, but for our own that are full. */
  #mayBeOver(file: SpoolFile): boolean {
    const { base, boot, pid, ticks } = SPOOL_FILE.exec(file.name)?.groups ?? {};
    if (base === spoolName(this.#run)) return file.bytes >= FULL_BYTES;
    if (boot === "0" || this.#run.boot_id === undefined) return false;
    if (boot !== this.#run.boot_id.slice(0, 8)) return file.written_ms < this.#booted_ms();
    return ticks !== "0" && startTicksOf(this.#files, pid ?? "") !== Number(ticks);
  }

  /** What its first line tells besides: in another pid namespace its process may be alive. */
  #isOver(file: SpoolFile, content: Buffer): boolean {
    const { base, boot } = SPOOL_FILE.exec(file.name)?.groups ?? {};
    if (base === spoolName(this.#run) || boot !== this.#run.boot_id?.slice(0, 8)) return true;
    const namespace = at(at(parsed(content.subarray(0, content.indexOf(LINE_END))), "run"), "pid_ns");
    return namespace !== undefined && namespace === this.#run.pid_ns;
  }

  /** When this machine was started: a file of another boot that is younger is another machine's, or the clock jumped. */
  #booted_ms(): number {
    const uptime_s = Number(this.#files.readFileSync("/proc/uptime", "utf8").split(" ")[0]);
    return this.#clock.now_ms() - uptime_s * 1000;
  }
}

function parsed(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString("utf8"));
  } catch {
    // A damaged line tells nothing.
    return undefined;
  }
}

function whole(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** The lines of a file, and those that it says were lost before it. */
function lossOf(content: Buffer, written_ms: number): Loss {
  let lines = 0;
  let end = -1;
  for (let next = content.indexOf(LINE_END); next >= 0; next = content.indexOf(LINE_END, next + 1)) {
    lines += 1;
    end = next;
  }
  const begin = end > 0 ? content.lastIndexOf(LINE_END, end - 1) + 1 : 0;
  const last_ms = whole(at(parsed(content.subarray(begin, Math.max(end, 0))), "at_ms")) ?? Math.floor(written_ms);
  let first_ms = whole(at(parsed(content.subarray(0, content.indexOf(LINE_END))), "at_ms")) ?? last_ms;
  for (let mark = content.indexOf(LOST_BEFORE); mark >= 0; mark = content.indexOf(LOST_BEFORE, mark + 1)) {
    const told = parsed(content.subarray(mark + 1, content.indexOf(LINE_END, mark + 1)));
    lines += (whole(at(told, "lines")) ?? 1) - 1;
    first_ms = Math.min(first_ms, whole(at(told, "first_ms")) ?? first_ms);
  }
  return { lines, reason: REASON, first_ms, last_ms };
}

// ---- recent.ts -----------------------------------------------------------------------------------------------------

/** Memory with an end: the oldest entry goes when one more comes. */

/** A map of at most `limit` entries. */
class RecentMap<Value> {
  readonly #entries = new Map<string, Value>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key);
  }

  /** Keeps `value`, as the youngest entry. */
  set(key: string, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#limit) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }

  /** Forgets `key` and gives what was kept for it. */
  take(key: string): Value | undefined {
    const value = this.#entries.get(key);
    this.#entries.delete(key);
    return value;
  }
}

/** Remembers the last `limit` keys. */
class RecentKeys {
  readonly #keys: RecentMap<true>;

  constructor(limit: number) {
    this.#keys = new RecentMap(limit);
  }

  /** True the first time a key comes, false while it is remembered. */
  first(key: string): boolean {
    if (this.#keys.get(key)) return false;
    this.#keys.set(key, true);
    return true;
  }
}

// ---- answer.ts -----------------------------------------------------------------------------------------------------

/** What OpenCode 2.x answers when it is asked for a conversation, as lines. Its title is not looked at. */

/** The directory of a conversation, or of an event, that says where it is. */
function directoryOf(from: unknown): string | undefined {
  return text(at(at(from, "location"), "directory"));
}

/**
 * Whose and where the conversation is, and what it has been charged so far: of what happened before the plugin heard
 * of it, its running totals say nothing else.
 */
function answerV2(conversation: string, session: unknown, at_ms: number): Line[] {
  const lines: Line[] = [];
  const directory = directoryOf(session);
  if (directory !== undefined) {
    lines.push({
      type: "conversation.seen",
      at_ms,
      conversation,
      change: "updated",
      parent: text(at(session, "parentID")),
      fork_of: text(at(at(session, "fork"), "sessionID")),
      directory,
      project: text(at(session, "projectID")),
      agent: name(at(session, "agent")),
      created_ms: instant(at(at(session, "time"), "created")),
    });
  }
  const total = tokens(at(session, "tokens"));
  const cost_usd = cost(at(session, "cost"));
  if (total !== undefined) lines.push({ type: "conversation.usage", at_ms, conversation, tokens: total, cost_usd });
  return lines;
}

// ---- v2.ts ---------------------------------------------------------------------------------------------------------

/**
 * OpenCode 2.x: the events of its stream, as lines. Remembers what later events leave out, within bounds: a model is
 * named when a step starts and its tokens come when it ends.
 */

/** Conversations that are remembered at a time: more than one server has open, and about 100 KiB. */
const CONVERSATIONS = 1000;

/** What one event means. */
interface ReadV2 {
  readonly lines: readonly Line[];
  /** A conversation whose beginning, or whose directory, no event told: ask OpenCode, then call `learned`. Named once. */
  readonly ask: string | undefined;
}

interface MomentV2 {
  readonly at_ms: number;
  readonly event: unknown;
  readonly payload: unknown;
  readonly conversation: string;
  readonly created_ms: number | undefined;
}

type StepV2 = Pick<MessageSnapshot, "agent" | "provider" | "model" | "variant" | "created_ms">;

/** Names one delivery of an event: the place in its conversation's log where it has one, else its own id. */
function keyOfV2(event: unknown): string | undefined {
  const durable = at(event, "durable");
  const aggregate = text(at(durable, "aggregateID"));
  const seq = at(durable, "seq");
  return aggregate !== undefined && typeof seq === "number" ? `${aggregate}:${seq}` : text(at(event, "id"));
}

/** Reads one process's stream of events. */
class V2Reader {
  readonly #directories = new RecentMap<string>(CONVERSATIONS);
  readonly #heard = new RecentKeys(CONVERSATIONS);
  readonly #asked = new RecentKeys(CONVERSATIONS);
  readonly #steps = new RecentMap<StepV2>(CONVERSATIONS);
  readonly #prompts = new RecentMap<true>(CONVERSATIONS);
  readonly #compactions = new RecentMap<{ message: string | undefined; created_ms: number | undefined }>(CONVERSATIONS);
  #ask: string | undefined;

  /** What an event means; undefined for those that are not forwarded. */
  read(event: unknown, at_ms: number): ReadV2 | undefined {
    const translate = V2_EVENTS.get(at(event, "type"));
    if (translate === undefined) return undefined;
    const payload = at(event, "data") ?? at(event, "properties");
    // "global" is the form of no conversation, and an empty id is refused by every line that needs one.
    const conversation = text(at(payload, "sessionID")) ?? "";
    this.#ask = undefined;
    this.#hear(at(event, "type"), conversation);
    const lines = translate(this, { at_ms, event, payload, conversation, created_ms: instant(at(event, "created")) });
    return { lines: lines ?? [], ask: this.#ask };
  }

  /** What OpenCode answered when it was asked for a conversation. */
  learned(conversation: string, session: unknown, at_ms: number): Line[] {
    const directory = directoryOf(session);
    if (directory !== undefined) this.#directories.set(conversation, directory);
    return answerV2(conversation, session, at_ms);
  }

  /** A prompt waits in the inbox; it counts when it is delivered. */
  enqueued(now: MomentV2): undefined {
    const message = text(at(now.payload, "inboxID"));
    if (message !== undefined && at(at(now.payload, "item"), "type") === "user") this.#prompts.set(message, true);
    return undefined;
  }

  cancelled(now: MomentV2): undefined {
    this.#prompts.take(text(at(now.payload, "inboxID")) ?? "");
    return undefined;
  }

  delivered(now: MomentV2): Line[] | undefined {
    const message = text(at(now.payload, "inboxID"));
    if (now.conversation === "" || message === undefined || !this.#prompts.take(message)) return undefined;
    const { at_ms, conversation } = now;
    return [{ type: "prompt.submitted", at_ms, conversation, message, directory: this.#directory(now) }];
  }

  seen(now: MomentV2, change: ConversationSeen["change"], named: Partial<ConversationSeen>): Line[] | undefined {
    const { at_ms, conversation } = now;
    if (conversation === "") return undefined;
    const own = directoryOf(now.payload);
    if (own !== undefined) this.#directories.set(conversation, own);
    const directory = change === "deleted" ? this.#directories.take(conversation) : this.#directory(now);
    return [{ type: "conversation.seen", at_ms, conversation, change, directory, ...named }];
  }

  stepStarted(now: MomentV2): Line[] | undefined {
    const { payload } = now;
    const message = text(at(payload, "assistantMessageID"));
    if (now.conversation === "" || message === undefined) return undefined;
    const model = at(payload, "model");
    const step: StepV2 = {
      agent: name(at(payload, "agent")),
      provider: name(at(model, "providerID")),
      model: name(at(model, "id")),
      variant: name(at(model, "variant")),
      // A retry starts the same message again; it was made when it started first.
      created_ms: this.#steps.get(message)?.created_ms ?? instant(at(payload, "started")) ?? now.created_ms,
    };
    this.#steps.set(message, step);
    return [this.#snapshot(now, message, step)];
  }

  stepSettled(now: MomentV2, failed: boolean): Line[] | undefined {
    const message = text(at(now.payload, "assistantMessageID"));
    if (now.conversation === "" || message === undefined) return undefined;
    return [{ ...this.#snapshot(now, message, this.#steps.take(message)), ...settledV2(now, failed) }];
  }

  compactionStarted(now: MomentV2): undefined {
    const message = text(at(now.payload, "inputID")) ?? messageOfEvent(now.event);
    this.#compactions.set(now.conversation, { message, created_ms: now.created_ms });
    return undefined;
  }

  compactionSettled(now: MomentV2, failed: boolean): Line[] | undefined {
    const { at_ms, conversation, payload } = now;
    if (conversation === "") return undefined;
    const started = this.#compactions.take(conversation);
    const message = started?.message ?? text(at(payload, "inputID")) ?? messageOfEvent(now.event);
    const model = at(payload, "model");
    const step: StepV2 = {
      provider: name(at(model, "providerID")),
      model: name(at(model, "id")),
      variant: name(at(model, "variant")),
      created_ms: started?.created_ms ?? now.created_ms,
    };
    const spent = message !== undefined && tokens(at(payload, "tokens")) !== undefined;
    const lines: Line[] = spent
      ? [{ ...this.#snapshot(now, message, step), ...settledV2(now, failed), summary: true }]
      : [];
    if (!failed) lines.push({ type: "conversation.compacted", at_ms, conversation });
    return lines;
  }

  status(now: MomentV2, status: "busy" | "retry"): Line[] | undefined {
    const { at_ms, conversation } = now;
    if (conversation === "") return undefined;
    return [{ type: "conversation.status", at_ms, conversation, status, directory: this.#directory(now) }];
  }

  /** At the first event of a conversation that did not begin here, it is to be asked for; one that ends is not. */
  #hear(type: unknown, conversation: string): void {
    if (conversation === "" || conversation === "global" || !this.#heard.first(conversation)) return;
    if (type !== "session.created" && type !== "session.forked" && type !== "session.deleted")
      this.#toAsk(conversation);
  }

  #toAsk(conversation: string): void {
    if (this.#asked.first(conversation)) this.#ask = conversation;
  }

  #snapshot(now: MomentV2, message: string, step: StepV2 | undefined): MessageSnapshot {
    const { at_ms, conversation } = now;
    const event = text(at(now.event, "id"));
    const directory = this.#directory(now);
    return { type: "message.snapshot", at_ms, event, conversation, message, directory, ...step };
  }

  /** Where a conversation works: as an event told it, the event's own place, else unknown and to be asked for. */
  #directory(now: MomentV2): string | undefined {
    const known = this.#directories.get(now.conversation) ?? directoryOf(now.event);
    if (known !== undefined) this.#directories.set(now.conversation, known);
    else this.#toAsk(now.conversation);
    return known;
  }
}

function settledV2(now: MomentV2, failed: boolean): Partial<MessageSnapshot> {
  const { payload } = now;
  return {
    tokens: tokens(at(payload, "tokens")),
    cost_usd: cost(at(payload, "cost")),
    completed_ms: now.created_ms,
    finish: word(at(payload, "finish")),
    error: failed ? errorName(at(at(payload, "error"), "type")) : undefined,
  };
}

/** OpenCode names a message that an event makes after the event. */
function messageOfEvent(event: unknown): string | undefined {
  const id = text(at(event, "id"));
  return id?.startsWith("evt_") ? `msg_${id.slice("evt_".length)}` : undefined;
}

function executedV2(now: MomentV2, outcome: "succeeded" | "failed" | "interrupted"): Line[] | undefined {
  const { at_ms, conversation } = now;
  if (conversation === "") return undefined;
  const idle: Line = { type: "conversation.idle", at_ms, conversation, outcome };
  if (outcome !== "failed") return [idle];
  const error = errorName(at(at(now.payload, "error"), "type"));
  return [{ type: "conversation.failed", at_ms, error, conversation }, idle];
}

function createdV2(now: MomentV2): Partial<ConversationSeen> {
  const { payload } = now;
  return {
    parent: text(at(payload, "parentID")),
    project: text(at(payload, "projectID")),
    agent: name(at(payload, "agent")),
    created_ms: now.created_ms,
    host_version: text(at(payload, "version")),
  };
}

function usageV2(now: MomentV2): Line[] | undefined {
  const { at_ms, conversation } = now;
  const total = tokens(at(now.payload, "tokens"));
  if (conversation === "" || total === undefined) return undefined;
  const cost_usd = cost(at(now.payload, "cost"));
  return [{ type: "conversation.usage", at_ms, conversation, tokens: total, cost_usd }];
}

function openedV2(now: MomentV2, kind: "permission" | "question", from: unknown): Line[] | undefined {
  const request = text(at(from, "id"));
  if (request === undefined) return undefined;
  const about = kind === "permission" ? permissionKind(at(from, "action")) : undefined;
  return [{ type: "request.opened", at_ms: now.at_ms, request, kind, conversation: conversationOf(from), about }];
}

function closedV2(now: MomentV2, request: string | undefined): Line[] | undefined {
  if (request === undefined) return undefined;
  return [{ type: "request.closed", at_ms: now.at_ms, request, conversation: conversationOf(now.payload) }];
}

/** A form may belong to no conversation; OpenCode then calls it `global`. */
function conversationOf(from: unknown): string | undefined {
  const conversation = text(at(from, "sessionID"));
  return conversation === "global" ? undefined : conversation;
}

type TranslateV2 = (reader: V2Reader, now: MomentV2) => Line[] | undefined;

/** The event types that are read. All others end at a miss here. */
const V2_EVENTS: ReadonlyMap<unknown, TranslateV2> = new Map<unknown, TranslateV2>([
  ["session.inbox.enqueued", (reader, now) => reader.enqueued(now)],
  ["session.inbox.cancelled", (reader, now) => reader.cancelled(now)],
  ["session.inbox.delivered", (reader, now) => reader.delivered(now)],
  ["session.step.started", (reader, now) => reader.stepStarted(now)],
  ["session.step.ended", (reader, now) => reader.stepSettled(now, false)],
  ["session.step.failed", (reader, now) => reader.stepSettled(now, true)],
  ["session.compaction.started", (reader, now) => reader.compactionStarted(now)],
  ["session.compaction.ended", (reader, now) => reader.compactionSettled(now, false)],
  ["session.compaction.failed", (reader, now) => reader.compactionSettled(now, true)],
  ["session.created", (reader, now) => reader.seen(now, "created", createdV2(now))],
  [
    "session.forked",
    (reader, now) => {
      // Here `parentID` is the source of the copy, not a parent agent's conversation.
      const fork_of = text(at(now.payload, "parentID"));
      return reader.seen(now, "created", { fork_of, created_ms: now.created_ms });
    },
  ],
  ["session.moved", (reader, now) => reader.seen(now, "updated", { project: text(at(now.payload, "projectID")) })],
  ["session.archived", (reader, now) => reader.seen(now, "updated", {})],
  ["session.unarchived", (reader, now) => reader.seen(now, "updated", {})],
  ["session.deleted", (reader, now) => reader.seen(now, "deleted", {})],
  ["session.usage.updated", (_reader, now) => usageV2(now)],
  ["session.execution.started", (reader, now) => reader.status(now, "busy")],
  ["session.retry.scheduled", (reader, now) => reader.status(now, "retry")],
  ["session.execution.succeeded", (_reader, now) => executedV2(now, "succeeded")],
  ["session.execution.failed", (_reader, now) => executedV2(now, "failed")],
  ["session.execution.interrupted", (_reader, now) => executedV2(now, "interrupted")],
  ["permission.asked", (_reader, now) => openedV2(now, "permission", now.payload)],
  ["permission.replied", (_reader, now) => closedV2(now, text(at(now.payload, "requestID")))],
  ["form.created", (_reader, now) => openedV2(now, "question", at(now.payload, "form"))],
  ["form.replied", (_reader, now) => closedV2(now, text(at(now.payload, "id")))],
  ["form.cancelled", (_reader, now) => closedV2(now, text(at(now.payload, "id")))],
]);

/** True where an event of this type is read. */
function isReadV2(type: unknown): boolean {
  return V2_EVENTS.has(type);
}

// ---- relay.ts ------------------------------------------------------------------------------------------------------

/**
 * OpenCode 2.x runs one server for everything and gives every instance of the plugin the events of all of them. One
 * instance at a time listens for the process; when it is cleaned up, another takes over.
 */

/** A stream that ends although its instance lives is opened again after this, and ever later while it keeps ending. */
const FIRST_REOPENING_MS = 1000;
const LONGEST_REOPENING_MS = 60_000;
/** A busy stream may hold up the end of an instance for this many turns of the event loop. */
const MOST_TURNS = 20;

/** What the relay needs of an instance's `ctx`. */
interface Source {
  /** OpenCode's stream of events; it ends when `signal` is aborted. */
  subscribe(signal: AbortSignal): AsyncIterable<unknown>;
  /** What OpenCode knows of a conversation. */
  session(conversation: string): Promise<unknown>;
}

/** Who takes the lines. */
interface Sink {
  forward(key: string | undefined, lines: readonly Line[]): void;
}

interface Listening {
  readonly source: Source;
  readonly abort: AbortController;
  iterator: AsyncIterator<unknown> | undefined;
}

/** The one listener of the process. Nothing here throws. */
class Relay {
  readonly #sink: Sink;
  readonly #clock: Clock;
  readonly #reader = new V2Reader();
  readonly #sources: Source[] = [];
  #listening: Listening | undefined;
  #taken = 0;
  #pause_ms = FIRST_REOPENING_MS;

  constructor(sink: Sink, clock: Clock) {
    this.#sink = sink;
    this.#clock = clock;
  }

  /** An instance can be listened to. What is given back ends that; what it has already been sent is still read. */
  add(source: Source): () => Promise<void> {
    this.#sources.push(source);
    if (this.#listening === undefined) this.#listen(source);
    return () => this.#remove(source);
  }

  async #remove(source: Source): Promise<void> {
    const index = this.#sources.indexOf(source);
    if (index >= 0) this.#sources.splice(index, 1);
    const ending = this.#listening;
    if (ending?.source !== source) return;
    this.#listening = undefined;
    const drained = this.#drained();
    const [next] = this.#sources;
    // The next one listens before this one stops: nothing falls between, and what both hear is written once.
    if (next !== undefined) this.#listen(next, drained);
    await drained;
    stop(ending);
  }

  /** Settles when a turn of the event loop has brought no event, or soon after. */
  async #drained(): Promise<void> {
    for (let turns = 0; turns < MOST_TURNS; turns += 1) {
      const before = this.#taken;
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (this.#taken === before) return;
    }
  }

  /** Opens a stream at once and reads it from when `ready` settles, so that events keep their order. */
  #listen(source: Source, ready: Promise<void> = Promise.resolve()): void {
    const listening: Listening = { source, abort: new AbortController(), iterator: undefined };
    this.#listening = listening;
    try {
      listening.iterator = source.subscribe(listening.abort.signal)[Symbol.asyncIterator]();
    } catch {
      // A host that refuses now may not later.
      this.#again(listening);
      return;
    }
    void this.#read(listening, listening.iterator, ready);
  }

  async #read(listening: Listening, iterator: AsyncIterator<unknown>, ready: Promise<void>): Promise<void> {
    try {
      // Asked for before anything is waited for: a stream may begin only then.
      let next = Promise.resolve(iterator.next());
      next.then(undefined, () => {});
      await ready;
      for (;;) {
        const { done, value } = await next;
        if (done === true) break;
        this.#pause_ms = FIRST_REOPENING_MS;
        this.#taken += 1;
        this.#take(value, listening.source);
        next = Promise.resolve(iterator.next());
      }
    } catch {
      // The host closed the stream with an error; it is the same to us as its end.
    }
    if (this.#listening === listening) this.#again(listening);
  }

  /** The stream ended, or never began, although nobody asked for it. */
  #again(ended: Listening): void {
    this.#clock.later(() => {
      if (this.#listening !== ended) return;
      this.#listening = undefined;
      // The oldest instance goes to the end: it may be the one that is broken.
      const [first] = this.#sources;
      if (first === ended.source) this.#sources.push(...this.#sources.splice(0, 1));
      const [next] = this.#sources;
      if (next !== undefined) this.#listen(next);
    }, this.#pause_ms);
    this.#pause_ms = Math.min(this.#pause_ms * 2, LONGEST_REOPENING_MS);
  }

  #take(event: unknown, source: Source): void {
    try {
      if (!isReadV2(at(event, "type"))) return;
      const read = this.#reader.read(event, this.#clock.now_ms());
      if (read === undefined) return;
      this.#sink.forward(keyOfV2(event), read.lines);
      if (read.ask !== undefined) void this.#ask(read.ask, source);
    } catch {
      // An event of a shape nobody foresaw (a getter that throws): it is dropped, the stream goes on.
    }
  }

  async #ask(conversation: string, source: Source): Promise<void> {
    try {
      const session = await source.session(conversation);
      this.#sink.forward(undefined, this.#reader.learned(conversation, session, this.#clock.now_ms()));
    } catch {
      // OpenCode does not know it either; the exporter finds the directory in OpenCode's database.
    }
  }
}

function stop(listening: Listening): void {
  listening.abort.abort();
  try {
    // Older 2.x hosts know no signal. A promise that never settles is nobody's; one that rejects is silenced.
    listening.iterator?.return?.()?.then(undefined, () => {});
  } catch {
    // The stream is over either way.
  }
}

// ---- recorder.ts ---------------------------------------------------------------------------------------------------

/** What one process has of this plugin, however many copies and instances of it OpenCode loads. */

/** Deliveries that are recognised when they come again: minutes of the busiest OpenCode. */
const DELIVERIES = 4096;

/** One instance of the plugin: what of OpenCode it was given. */
interface Instance {
  /** Tells copies of the plugin apart: one for every time its file was loaded. */
  readonly copy: symbol;
  readonly api: 1 | 2;
  readonly host_version: string | undefined;
  readonly directory: string | undefined;
  readonly worktree: string | undefined;
  readonly project: string | undefined;
}

/** The process's spool and doorbell, shared by all instances. Nothing here throws. */
class Recorder {
  /** The shape that other copies, older and newer ones too, rely on: `enter`, `forward` and `relay` as they are here. */
  readonly shape = 1;
  readonly version: string;
  readonly relay: Relay;
  readonly #host: Host;
  readonly #spool: Spool;
  readonly #started: Line;
  readonly #seen = new RecentKeys(DELIVERIES);
  readonly #copies = new Set<symbol>();
  readonly #workspaces = new Map<string, number>();
  #instances = 0;
  #over = false;

  /** `first` is the instance that needed it, `own` the plugin's address (`import.meta.url`). */
  constructor(host: Host, version: string, own: string, first: Instance) {
    this.version = version;
    this.#host = host;
    const { files, clock, env, pid, uid } = host;
    const places = placesOf(files, env, host.home, uid, own);
    const run = processKey(files, pid);
    const name = spoolName(run);
    const autostart = new Autostart(places.autostart, env, clock, host.spawn);
    const doorbell = new Doorbell(files, places.doorbell);
    const wake = () => {
      if (doorbell.ring() === "absent") autostart.unanswered();
    };
    const { api, host_version } = first;
    this.#started = { type: "run.started", at_ms: clock.now_ms(), run, api, plugin_version: version, host_version };
    this.#copies.add(first.copy);
    const marker = new LossMarker(files, places.losses, name, pid, uid);
    const cap = new SpoolCap(files, clock, places, run, uid, doorbell, (loss) =>
      this.#spool.append([{ type: "spool.lost", at_ms: clock.now_ms(), ...loss }]),
    );
    const turned = () => cap.look();
    this.#spool = new Spool(files, join(places.spool, name), uid, this.#started, clock, marker, wake, turned);
    cap.look();
    this.relay = new Relay(this, clock);
    host.atExit(() => this.#end());
  }

  /** True while no instance is there: a copy of another version may take its place. */
  get idle(): boolean {
    return this.#instances === 0;
  }

  /** An instance came up. Its departure is told by calling what is given back, once. */
  enter(instance: Instance): () => void {
    const { copy, api, host_version, directory, worktree, project } = instance;
    const at_ms = this.#host.clock.now_ms();
    const lines: Line[] = [];
    if (this.#over || !this.#copies.has(copy)) lines.push({ ...this.#started, at_ms, api, host_version } as Line);
    this.#copies.add(copy);
    this.#over = false;
    this.#instances += 1;
    if (directory !== undefined) {
      const open = this.#workspaces.get(directory) ?? 0;
      this.#workspaces.set(directory, open + 1);
      if (open === 0) lines.push({ type: "workspace.opened", at_ms, directory, worktree, project });
    }
    this.#spool.append(lines);
    let here = true;
    return () => {
      if (here) this.#leave(directory);
      here = false;
    };
  }

  /** Writes what an event means, unless it was written before. */
  forward(key: string | undefined, lines: readonly Line[]): void {
    if (lines.length > 0 && (key === undefined || this.#seen.first(key))) this.#spool.append(lines);
  }

  #leave(directory: string | undefined): void {
    this.#instances -= 1;
    if (directory !== undefined) {
      const open = (this.#workspaces.get(directory) ?? 1) - 1;
      if (open > 0) this.#workspaces.set(directory, open);
      else {
        this.#workspaces.delete(directory);
        this.#spool.append([{ type: "workspace.closed", at_ms: this.#host.clock.now_ms(), directory }]);
      }
    }
    if (this.#instances === 0) this.#end();
    else this.#spool.drain();
  }

  #end(): void {
    if (!this.#over) this.#spool.append([{ type: "run.ended", at_ms: this.#host.clock.now_ms() }]);
    this.#over = true;
    this.#spool.drain();
  }
}

// ---- v1.ts ---------------------------------------------------------------------------------------------------------

/** OpenCode 1.x: what its hooks are given, as lines. Pure; observed on 1.18.33. */

/** What one call of a hook means: its lines, and the key under which a second delivery is recognised. */
interface Told {
  readonly key: string | undefined;
  readonly lines: readonly Line[];
}

type TranslateV1 = (
  properties: unknown,
  directory: string | undefined,
  at_ms: number,
  event: unknown,
) => Line | undefined;

function conversationLineV1(build: (conversation: string, at_ms: number) => Line): TranslateV1 {
  return (properties, _directory, at_ms) => {
    const conversation = text(at(properties, "sessionID"));
    return conversation === undefined ? undefined : build(conversation, at_ms);
  };
}

function seenV1(change: "created" | "updated" | "deleted"): TranslateV1 {
  return (properties, _directory, at_ms) => {
    const info = at(properties, "info");
    const conversation = text(at(info, "id")) ?? text(at(properties, "sessionID"));
    if (conversation === undefined) return undefined;
    return {
      type: "conversation.seen",
      at_ms,
      conversation,
      change,
      parent: text(at(info, "parentID")),
      directory: text(at(info, "directory")),
      project: text(at(info, "projectID")),
      agent: name(at(info, "agent")),
      created_ms: instant(at(at(info, "time"), "created")),
      host_version: text(at(info, "version")),
    };
  };
}

function snapshotV1(properties: unknown, at_ms: number, event: unknown): Line | undefined {
  const info = at(properties, "info");
  if (at(info, "role") !== "assistant") return undefined;
  const conversation = text(at(info, "sessionID"));
  const message = text(at(info, "id"));
  if (conversation === undefined || message === undefined) return undefined;
  const time = at(info, "time");
  const path = at(info, "path");
  const error = at(info, "error");
  return {
    type: "message.snapshot",
    at_ms,
    event: text(at(event, "id")),
    conversation,
    message,
    parent: text(at(info, "parentID")),
    agent: name(at(info, "agent")) ?? name(at(info, "mode")),
    provider: name(at(info, "providerID")),
    model: name(at(info, "modelID")),
    variant: name(at(info, "variant")),
    directory: text(at(path, "cwd")),
    root: text(at(path, "root")),
    tokens: tokens(at(info, "tokens")),
    cost_usd: cost(at(info, "cost")),
    created_ms: instant(at(time, "created")),
    completed_ms: instant(at(time, "completed")),
    finish: word(at(info, "finish")),
    error: typeof error === "object" && error !== null ? errorName(at(error, "name")) : undefined,
    summary: at(info, "summary") === true ? true : undefined,
  };
}

function statusV1(properties: unknown, directory: string | undefined, at_ms: number): Line | undefined {
  const conversation = text(at(properties, "sessionID"));
  const kind = at(at(properties, "status"), "type");
  if (conversation === undefined || (kind !== "busy" && kind !== "retry" && kind !== "idle")) return undefined;
  return { type: "conversation.status", at_ms, conversation, status: kind, directory };
}

function failedV1(properties: unknown, at_ms: number): Line {
  return {
    type: "conversation.failed",
    at_ms,
    error: errorName(at(at(properties, "error"), "name")),
    conversation: text(at(properties, "sessionID")),
  };
}

function openedV1(kind: "permission" | "question"): TranslateV1 {
  return (properties, _directory, at_ms) => {
    const request = text(at(properties, "id"));
    if (request === undefined) return undefined;
    const about = kind === "permission" ? permissionKind(at(properties, "permission")) : undefined;
    return { type: "request.opened", at_ms, request, kind, conversation: text(at(properties, "sessionID")), about };
  };
}

function closedV1(properties: unknown, at_ms: number): Line | undefined {
  const request = text(at(properties, "requestID"));
  if (request === undefined) return undefined;
  return { type: "request.closed", at_ms, request, conversation: text(at(properties, "sessionID")) };
}

/** The event types that are forwarded. All others (streamed text and OpenCode's own start, over 80 %) end at a miss here. */
const V1_EVENTS: ReadonlyMap<unknown, TranslateV1> = new Map<unknown, TranslateV1>([
  ["message.updated", (properties, _directory, at_ms, event) => snapshotV1(properties, at_ms, event)],
  ["session.created", seenV1("created")],
  ["session.updated", seenV1("updated")],
  ["session.deleted", seenV1("deleted")],
  ["session.status", statusV1],
  ["session.idle", conversationLineV1((conversation, at_ms) => ({ type: "conversation.idle", at_ms, conversation }))],
  ["session.error", (properties, _directory, at_ms) => failedV1(properties, at_ms)],
  [
    "session.compacted",
    conversationLineV1((conversation, at_ms) => ({ type: "conversation.compacted", at_ms, conversation })),
  ],
  ["permission.asked", openedV1("permission")],
  ["permission.replied", (properties, _directory, at_ms) => closedV1(properties, at_ms)],
  ["question.asked", openedV1("question")],
  ["question.replied", (properties, _directory, at_ms) => closedV1(properties, at_ms)],
  ["question.rejected", (properties, _directory, at_ms) => closedV1(properties, at_ms)],
]);

/** True where an event of this type may become a line. */
function isForwardedV1(type: unknown): boolean {
  return V1_EVENTS.has(type);
}

/** What an event of the `event` hook means. `directory` is the one that this instance of OpenCode serves. */
function toldByEvent(event: unknown, directory: string | undefined, at_ms: number): Told | undefined {
  const line = V1_EVENTS.get(at(event, "type"))?.(at(event, "properties"), directory, at_ms, event);
  return line && { key: text(at(event, "id")), lines: [line] };
}

/** What the `chat.message` hook means: a prompt was handed in, by the user or by a parent agent. */
function toldByPrompt(
  input: unknown,
  output: unknown,
  directory: string | undefined,
  at_ms: number,
): Told | undefined {
  const sent = at(output, "message");
  const conversation = text(at(sent, "sessionID")) ?? text(at(input, "sessionID"));
  const message = text(at(sent, "id")) ?? text(at(input, "messageID"));
  if (conversation === undefined || message === undefined) return undefined;
  const model = at(sent, "model") ?? at(input, "model");
  const line: Line = {
    type: "prompt.submitted",
    at_ms,
    conversation,
    message,
    agent: name(at(sent, "agent")) ?? name(at(input, "agent")),
    provider: name(at(model, "providerID")),
    model: name(at(model, "modelID")),
    directory,
  };
  return { key: `prompt ${conversation} ${message}`, lines: [line] };
}

/** What the `chat.params` hook means, which sees every request to a model: only the one for a title is forwarded. */
function toldByParams(input: unknown, at_ms: number): Told | undefined {
  const agent = at(input, "agent");
  if (agent !== "title" && at(agent, "name") !== "title") return undefined;
  const conversation = text(at(input, "sessionID"));
  const message = text(at(at(input, "message"), "id"));
  if (conversation === undefined || message === undefined) return undefined;
  const model = at(input, "model");
  const line: Line = {
    type: "title.requested",
    at_ms,
    conversation,
    message,
    provider: name(at(model, "providerID")),
    model: name(at(model, "id")),
  };
  return { key: `title ${conversation} ${message}`, lines: [line] };
}

// ---- version.ts ----------------------------------------------------------------------------------------------------

/** The plugin's version. The build puts pyproject.toml's here; a test holds the two equal. */
const VERSION = "0.1.0";

// ---- index.ts ------------------------------------------------------------------------------------------------------

/** The plugin: what OpenCode 1.x (`server`) and 2.x (`setup`) call. Whatever fails in here, OpenCode never notices. */

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

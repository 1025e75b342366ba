/**
 * Keeps the spool within its bound while no exporter takes it in (docs/spool.md, "How large it gets"): the oldest files
 * that nobody writes to any more go, and the loss is written down.
 */
import { join } from "node:path";
import type { Doorbell } from "./doorbell.ts";
import type { Clock, Files } from "./host.ts";
import type { ProcessKey } from "./line.ts";
import type { Loss } from "./losses.ts";
import { type Places, spoolName, startTicksOf } from "./places.ts";
import { at } from "./reading.ts";
import { FULL_BYTES } from "./spool.ts";

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
export class SpoolCap {
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

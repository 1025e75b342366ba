/**
 * Appends lines to the process's spool file, each by one write, at once: a killed OpenCode loses nothing already seen.
 * Where that fails the lines are held back, within bounds, and tried again.
 */
import { constants, type Stats } from "node:fs";
import { dirname } from "node:path";
import { ownFolder, WORLD } from "./folders.ts";
import { CLOSE_ON_EXEC, type Clock, coded, type Files, reasonOf } from "./host.ts";
import { encode, type Line } from "./line.ts";
import type { Loss, LossMarker } from "./losses.ts";

/** Lines and bytes that are held back at most; what is older goes. */
const MOST_LINES = 1000;
const MOST_BYTES = 1024 * 1024;
/** A broken disk is tried this often at most, and ever more rarely while nothing happens. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;
const NEWLINE = 0x0a;
/** A file of this size is full: nobody writes to it any more, and its process goes on in the next part. */
export const FULL_BYTES = 8 * 1024 * 1024;

/** Not through a link somebody else laid; `O_NONBLOCK` so that a pipe in the file's place cannot stop OpenCode. */
const OPEN_FLAGS =
  constants.O_APPEND |
  constants.O_CREAT |
  constants.O_WRONLY |
  constants.O_NOFOLLOW |
  constants.O_NONBLOCK |
  CLOSE_ON_EXEC;

/** One process's spool file, and the parts that follow when one is full. Nothing here throws. */
export class Spool {
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

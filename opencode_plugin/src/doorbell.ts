/** Wakes the exporter: one byte into its named pipe, or nothing. Never waits, never throws. */
import { constants } from "node:fs";
import { CLOSE_ON_EXEC, type Files } from "./host.ts";
import { at } from "./reading.ts";

const RING = new Uint8Array([0x0a]);
/** `O_NONBLOCK`: to open a pipe that nobody reads is ENXIO then, to write to a full one EAGAIN (fifo(7)). */
const RINGING = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW | CLOSE_ON_EXEC;

/** `absent`: no exporter listens. `refused`: there is something else in the pipe's place. */
export type Rung = "rung" | "absent" | "refused";

/**
 * The exporter's pipe. It stays open between rings, which halves what one costs. That an exporter ended shows at the
 * next ring (EPIPE; both Buns ignore SIGPIPE), and then the path is looked at anew.
 */
export class Doorbell {
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

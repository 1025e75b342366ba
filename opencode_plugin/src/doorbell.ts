/** Wakes the exporter: one byte into its named pipe, or nothing. Never waits, never throws. */
import { constants } from "node:fs";
import { CLOSE_ON_EXEC, type Files } from "./host.ts";
import { at } from "./reading.ts";

const RING = new Uint8Array([0x0a]);

/** `absent`: no exporter listens. `refused`: there is something else in the pipe's place. */
export type Rung = "rung" | "absent" | "refused";

/**
 * Rings the pipe at `path`. It is opened for every ring, 2 µs: a pipe that a new exporter made anew would otherwise
 * never be found. `O_NONBLOCK` without a reader is ENXIO (fifo(7)); both Buns ignore SIGPIPE.
 */
export function ring(files: Files, path: string): Rung {
  let fd: number | undefined;
  try {
    const { O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = constants;
    fd = files.openSync(path, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | CLOSE_ON_EXEC);
    if (!files.fstatSync(fd).isFIFO()) return "refused";
    files.writeSync(fd, RING, 0, 1);
    return "rung";
  } catch (error) {
    const code = at(error, "code");
    // A full pipe has rung already.
    if (code === "EAGAIN") return "rung";
    return code === "ENXIO" || code === "ENOENT" || code === "EPIPE" ? "absent" : "refused";
  } finally {
    closeQuietly(files, fd);
  }
}

function closeQuietly(files: Files, fd: number | undefined): void {
  if (fd === undefined) return;
  try {
    files.closeSync(fd);
  } catch {
    // The descriptor is gone whatever close says (close(2)), and the byte is in the pipe.
  }
}

/** The loss marker: a small file that says, while lines cannot be kept, that they are missing (docs/spool.md). */
import { constants } from "node:fs";
import { join } from "node:path";
import { GROUP_OR_WORLD, ownFolder } from "./folders.ts";
import { CLOSE_ON_EXEC, coded, type Files } from "./host.ts";

/** Lines that could not be kept so far. */
export interface Loss {
  readonly lines: number;
  readonly reason: string;
  readonly first_ms: number;
  readonly last_ms: number;
}

/** One process's marker, in the first of its folders that takes it. Nothing here throws. */
export class LossMarker {
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

/** Folders that are their owner's alone, whatever OpenCode's umask. */
import { dirname } from "node:path";
import { coded, type Files } from "./host.ts";
import { at } from "./reading.ts";

/** Rights of others to write. */
export const GROUP_OR_WORLD = 0o022;
export const WORLD = 0o002;

/**
 * Makes the folder and what is missing above it. One that is a link, somebody else's, or that those may write to who
 * are named by `forbidden` may be a trap: an error with the code `NotOurs`.
 */
export function ownFolder(files: Files, folder: string, uid: number, forbidden: number): void {
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

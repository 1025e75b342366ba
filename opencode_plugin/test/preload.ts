/** Before any test: a home of its own for the whole process, so that no test can reach the user's spool. */
import { afterAll } from "bun:test";
import { environment, scratch } from "./scratch.ts";

const home = scratch();
for (const name of Object.keys(process.env)) if (name.startsWith("XDG_")) delete process.env[name];
process.env.HOME = environment(home.path).HOME;
// Last of all: the plugin that was tried in this process ends its run at the exit, too.
afterAll(() => void process.once("exit", () => home[Symbol.dispose]()));

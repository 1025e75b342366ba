/** Before any test: a home of its own for the whole process, so that no test can reach the user's spool. */
import { afterAll } from "bun:test";
import { environment, scratch } from "./scratch.ts";

const home = scratch();
for (const name of Object.keys(process.env)) if (name.startsWith("XDG_")) delete process.env[name];
process.env.HOME = environment(home.path).HOME;
afterAll(() => home[Symbol.dispose]());

/**
 * Takes values out of payloads that promise nothing: what is missing, of another type or out of range is undefined.
 * A getter or a proxy may throw here; the hooks' guards catch it and the event is dropped.
 */
import type { Tokens } from "./line.ts";

const LONGEST_TEXT = 4096;
const SHORTENED_TO = 64;
const DIGEST_DIGITS = 32;
/** The last millisecond of the year 9999. */
const LATEST_INSTANT_MS = 253_402_300_799_999;
const LARGEST_COST_USD = 1e9;
/** A name as programs give it. What has spaces or is longer is a sentence, and sentences stay in OpenCode. */
const NAME = /^[A-Za-z][\w.:/-]{0,127}$/;

/** The value under `key`, undefined where `from` is no object. */
export function at(from: unknown, key: string): unknown {
  return typeof from === "object" && from !== null ? (from as Record<string, unknown>)[key] : undefined;
}

/** An id, a path or a name of 1 to 4096 characters; undefined too where UTF-8 cannot say it (a lone surrogate). */
export function text(value: unknown): string | undefined {
  return typeof value === "string" && value.length > 0 && value.length <= LONGEST_TEXT && value.isWellFormed()
    ? value
    : undefined;
}

/**
 * The name of a model, a provider or an agent. One of more than 4096 characters is its beginning and its digest, so that
 * its usage is counted under a name of its own; the exporter does the same (core/bounds.py).
 */
export function name(value: unknown): string | undefined {
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
export function word(value: unknown): string | undefined {
  return typeof value === "string" && NAME.test(value) ? value : undefined;
}

/** The name of an error, never what it says. */
export function errorName(value: unknown): string {
  return word(value) ?? "UnknownError";
}

/** Unix milliseconds between 1970 and 9999, whole. */
export function instant(value: unknown): number | undefined {
  return typeof value === "number" && value >= 0 && value <= LATEST_INSTANT_MS ? Math.trunc(value) : undefined;
}

/** US dollars, 0 to 10^9. */
export function cost(value: unknown): number | undefined {
  return typeof value === "number" && value >= 0 && value <= LARGEST_COST_USD ? value : undefined;
}

/** OpenCode's own rule for what a provider reports: below zero or not finite is 0. */
function count(value: unknown): number {
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0) return 0;
  return Math.min(Math.trunc(value), Number.MAX_SAFE_INTEGER);
}

/** OpenCode's `{input, output, reasoning, cache: {read, write}}`; undefined where there is none of it. */
export function tokens(value: unknown): Tokens | undefined {
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
export function permissionKind(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  return PERMISSIONS.has(value) ? value : "other";
}

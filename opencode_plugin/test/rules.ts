/** The rules of a line, taken from the contract's own table in docs/spool.md. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const SPOOL_PAGE = readFileSync(join(import.meta.dir, "../../docs/spool.md"), "utf8");

interface Keys {
  readonly needed: readonly string[];
  readonly optional: readonly string[];
}

function named(cell: string): string[] {
  return [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name ?? "");
}

function table(): Map<string, Keys> {
  const [, after = ""] = SPOOL_PAGE.split("| type | keys besides");
  const [rows = ""] = after.split("\n\n");
  const keys = new Map<string, Keys>();
  for (const [, type = "", cell = ""] of rows.matchAll(/^\| `([a-z]+\.[a-z]+)` \| (.*) \|$/gm)) {
    const plain = cell.replace(/\([^)]*\)|\{[^}]*\}/g, "").split(";")[0] ?? "";
    const optional = [...plain.matchAll(/\[([^\]]*)\]/g)].flatMap(([, inner]) => named(inner ?? ""));
    keys.set(type, { needed: named(plain.replace(/\[[^\]]*\]/g, "")), optional });
  }
  return keys;
}

export const LINE_KEYS: ReadonlyMap<string, Keys> = table();

const CHOICES: Record<string, readonly unknown[]> = {
  api: [1, 2],
  change: ["created", "updated", "deleted"],
  kind: ["permission", "question"],
  outcome: ["succeeded", "failed", "interrupted"],
  status: ["busy", "retry", "idle"],
  summary: [true, false],
};
const TOKENS = ["cache_read", "cache_write", "input", "output", "reasoning"];

function isWhole(value: unknown, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most;
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value.length > 0 && value.length <= 4096 && value.isWellFormed();
}

function isRight(key: string, value: unknown): boolean {
  const choices = CHOICES[key];
  if (choices) return choices.includes(value);
  if (key.endsWith("_ms")) return isWhole(value, 253_402_300_799_999);
  if (key === "lines") return isWhole(value, Number.MAX_SAFE_INTEGER) && value !== 0;
  if (key === "cost_usd") return typeof value === "number" && value >= 0 && value <= 1e9;
  if (key === "tokens") {
    const found = value as Record<string, unknown>;
    const names = Object.keys(found).sort();
    return names.join() === TOKENS.join() && names.every((name) => isWhole(found[name], Number.MAX_SAFE_INTEGER));
  }
  if (key === "run") {
    const { pid, start_ticks, boot_id, pid_ns } = value as Record<string, unknown>;
    const texts = [boot_id, pid_ns].every((each) => each === undefined || isText(each));
    return isWhole(pid, 2 ** 31) && texts && (start_ticks === undefined || isWhole(start_ticks, 2 ** 53));
  }
  return isText(value);
}

/** What is wrong with a row of the spool, an empty list where nothing is. */
export function faults(row: string): string[] {
  if (Buffer.byteLength(row) >= 1024 * 1024) return ["longer than 1 MiB"];
  const line: Record<string, unknown> = JSON.parse(row);
  const keys = LINE_KEYS.get(String(line.type));
  if (keys === undefined) return [`unknown type ${line.type}`];
  const { v, type, at_ms, ...rest } = line;
  const found: string[] = [];
  if (v !== 1) found.push("v");
  if (!isRight("at_ms", at_ms)) found.push("at_ms");
  for (const key of keys.needed) if (!(key in rest)) found.push(`${type} lacks ${key}`);
  for (const [key, value] of Object.entries(rest)) {
    if (!keys.needed.includes(key) && !keys.optional.includes(key)) found.push(`${type} has ${key}`);
    else if (!isRight(key, value)) found.push(`${type}.${key} is ${JSON.stringify(value)}`);
  }
  return found;
}

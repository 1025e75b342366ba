/** The installed file: fresh, alone, readable, and of one version with everything else. */
import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { built, TARGET } from "../build.ts";
import { SHIPPED } from "./shipped.ts";

const ROOT = join(import.meta.dir, "../..");
const text = readFileSync(SHIPPED, "utf8");

test("is what the sources make", () => {
  expect(TARGET).toBe(SHIPPED);
  expect(text).toBe(built());
});

test("exports the plugin and nothing else: OpenCode takes every other export for a plugin too", async () => {
  const module = await import(SHIPPED);
  expect(Object.keys(module)).toEqual(["default"]);
  expect(Object.keys(module.default)).toEqual(["id", "server", "setup"]);
  expect(module.default.id).toBe("opencode-stats");
  expect(text.match(/^export /gm)).toEqual(["export "]);
});

test("imports Node's modules only, prints nothing, handles no signal", () => {
  const imported = [...text.matchAll(/\bfrom "([^"]+)"/g)].map(([, name]) => name);
  expect(imported).toEqual([...imported].sort());
  expect(imported.every((name) => name?.startsWith("node:"))).toBe(true);
  expect(text).not.toMatch(
    /console\.|process\.std|process\.on\(|\brequire\(|\bimport\(|\bBun\b\.|fetch\(|node:net|node:http/,
  );
});

test("has the version of the whole project", () => {
  const [, version] = /^version = "([^"]+)"$/m.exec(readFileSync(join(ROOT, "pyproject.toml"), "utf8")) ?? [];
  expect(text).toContain(`\nconst VERSION = "${version}";\n`);
  expect(readFileSync(join(import.meta.dir, "../src/version.ts"), "utf8")).toContain(`VERSION = "${version}"`);
  expect(JSON.parse(readFileSync(join(import.meta.dir, "../package.json"), "utf8")).version).toBe(version);
});

test("its checkout's copy is one line", async () => {
  const copy = join(ROOT, ".opencode/plugins/opencode-stats.ts");
  expect(readFileSync(copy, "utf8").trimEnd().split("\n")).toHaveLength(1);
  expect((await import(copy)).default).toBe((await import(SHIPPED)).default);
  expect(readdirSync(join(ROOT, ".opencode/plugins"))).toEqual(["opencode-stats.ts"]);
});

test("its sources stay short", () => {
  for (const folder of ["src", "test"]) {
    for (const name of readdirSync(join(import.meta.dir, "..", folder)).filter((each) => each.endsWith(".ts"))) {
      const lines = readFileSync(join(import.meta.dir, "..", folder, name), "utf8").split("\n").length;
      expect({ name, short: lines <= 301 }).toEqual({ name, short: true });
    }
  }
});

test("the lock file names no registry", () => {
  const lock = join(import.meta.dir, "../package-lock.json");
  expect(existsSync(lock)).toBe(true);
  expect(readFileSync(lock, "utf8")).not.toContain('"resolved"');
});

// Runs Bun with the arguments given. `node_modules/.bin/bun` works only where npm ran Bun's own install script, which
// many people switch off; the program itself lies in one of the packages for the platform.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const modules = join(dirname(fileURLToPath(import.meta.url)), "node_modules");
const platforms = existsSync(join(modules, "@oven")) ? readdirSync(join(modules, "@oven")).sort() : [];
const programs = [
  ...(process.env.BUN ? [process.env.BUN] : []),
  join(modules, ".bin", "bun"),
  ...platforms.map((name) => join(modules, "@oven", name, "bin", "bun")),
];
const works = (program) => spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;
const bun = programs.find(works);
if (bun === undefined) {
  console.error("no Bun that runs here: npm ci in opencode_plugin first");
  process.exit(127);
}
const { status, signal } = spawnSync(bun, process.argv.slice(2), { stdio: "inherit" });
process.exit(signal === null ? status : 1);

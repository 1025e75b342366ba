/**
 * Puts the sources together into the one file that is installed. OpenCode loads every file of its plugin folder as a
 * plugin, so there can be no second one; and what is installed should be readable. `--check` only compares.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const here = import.meta.dir;
/** The file that `opencode-stats setup` installs. */
export const TARGET = normalize(join(here, "../exporter/opencode_stats/install/opencode-stats.ts"));

const HEADER = `// opencode-stats: forwards what happens in OpenCode to the exporter of opencode-stats, which counts it.
//
// Forwarded, as lines of JSON in a folder of yours (~/.local/state/opencode-stats/spool): ids of conversations and
// messages, token counts, costs, times, directories, and the names of models, providers, agents and errors.
// What never leaves OpenCode through this file: prompts, answers, reasoning, titles, tool names and arguments, file
// contents, diffs, permission patterns, questions and the texts of errors. Nothing is sent over a network.
//
// It serves OpenCode 1.x (\`server\`) and 2.x (\`setup\`) and imports nothing but Node's own modules.
// Generated from opencode_plugin/src by opencode_plugin/build.ts: edit there.
// SPDX-License-Identifier: MIT
`;

/** What is imported from one of Node's modules. */
interface Imported {
  namespace: { name: string; type: boolean } | undefined;
  readonly names: Map<string, boolean>;
}

const IMPORT = /^import (type )?(?:\* as (\w+)|\{([^}]*)\}) from "([^"]+)";\n/gm;
const DECLARED = /^(?:export )?(?:abstract )?(?:async )?(?:class|const|function|interface|let|type) (\w+)/gm;

function versionOf(): string {
  const project = readFileSync(join(here, "../pyproject.toml"), "utf8");
  const version = /^version = "([^"]+)"$/m.exec(project)?.[1];
  if (version === undefined) throw new Error("pyproject.toml has no version");
  const own: { version: string } = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
  if (own.version !== version) throw new Error(`package.json says ${own.version}, pyproject.toml ${version}`);
  return version;
}

/** The sources, each after those it imports values or types from. */
function inOrder(entry: string): Map<string, string> {
  const done = new Map<string, string>();
  const underway = new Set<string>();
  const visit = (path: string): void => {
    if (done.has(path)) return;
    if (underway.has(path)) throw new Error(`${path} imports itself in a circle`);
    underway.add(path);
    const source = readFileSync(path, "utf8");
    for (const [, , , , from] of source.matchAll(IMPORT)) {
      if (from?.startsWith(".")) visit(normalize(join(dirname(path), from)));
    }
    done.set(path, source);
  };
  visit(entry);
  return done;
}

function take(imports: Map<string, Imported>, source: string): string {
  const rest = source.replace(IMPORT, (_all, type, namespace, names, from) => {
    if (from.startsWith(".")) return "";
    if (!from.startsWith("node:")) throw new Error(`${from} is not one of Node's modules`);
    const known = imports.get(from) ?? { namespace: undefined, names: new Map() };
    imports.set(from, known);
    if (namespace) known.namespace = { name: namespace, type: Boolean(type) && known.namespace?.type !== false };
    for (const each of (names ?? "").split(",")) {
      const [, isType, name] = /^\s*(type )?(\w+)\s*$/.exec(each) ?? [];
      if (name) known.names.set(name, Boolean(type ?? isType) && known.names.get(name) !== false);
    }
    return "";
  });
  if (/^import /m.test(rest)) throw new Error("an import that build.ts cannot read");
  return rest.replace(/^export (?!default)/gm, "").trim();
}

function written(imports: Map<string, Imported>): string {
  const lines: string[] = [];
  for (const [from, { namespace, names }] of [...imports].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (namespace) lines.push(`import ${namespace.type ? "type " : ""}* as ${namespace.name} from "${from}";`);
    const listed = [...names]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, type]) => (type ? `type ${name}` : name));
    if (listed.length > 0) lines.push(`import { ${listed.join(", ")} } from "${from}";`);
  }
  return lines.join("\n");
}

/** The installed file's text. */
export function built(): string {
  const imports = new Map<string, Imported>();
  const declared = new Map<string, string>();
  const parts: string[] = [];
  for (const [path, source] of inOrder(join(here, "src/index.ts"))) {
    const name = path.slice(join(here, "src/").length);
    for (const [, word] of source.matchAll(DECLARED)) {
      if (word === undefined) continue;
      const other = declared.get(word);
      if (other !== undefined && other !== name) throw new Error(`${word} is declared in ${other} and in ${name}`);
      declared.set(word, name);
    }
    parts.push(`// ${"-".repeat(4)} ${name} ${"-".repeat(110 - name.length)}\n\n${take(imports, source)}`);
  }
  const body = parts.join("\n\n").replace(/^const VERSION = "[^"]*";$/m, `const VERSION = "${versionOf()}";`);
  return `${HEADER}\n${written(imports)}\n\n${body}\n`;
}

if (import.meta.main) {
  const text = built();
  if (process.argv.includes("--check")) {
    if (readFileSync(TARGET, "utf8") !== text) {
      console.error("opencode-stats.ts is not what the sources make: run `npm run build`");
      process.exit(1);
    }
  } else {
    writeFileSync(TARGET, text);
  }
}

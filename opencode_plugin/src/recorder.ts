/** What one process has of this plugin, however many copies and instances of it OpenCode loads. */
import { join } from "node:path";
import { Autostart } from "./autostart.ts";
import { SpoolCap } from "./cap.ts";
import { Doorbell } from "./doorbell.ts";
import type { Host } from "./host.ts";
import type { Line } from "./line.ts";
import { LossMarker } from "./losses.ts";
import { placesOf, processKey, spoolName } from "./places.ts";
import { RecentKeys } from "./recent.ts";
import { Relay } from "./relay.ts";
import { Spool } from "./spool.ts";

/** Deliveries that are recognised when they come again: minutes of the busiest OpenCode. */
const DELIVERIES = 4096;

/** One instance of the plugin: what of OpenCode it was given. */
export interface Instance {
  /** Tells copies of the plugin apart: one for every time its file was loaded. */
  readonly copy: symbol;
  readonly api: 1 | 2;
  readonly host_version: string | undefined;
  readonly directory: string | undefined;
  readonly worktree: string | undefined;
  readonly project: string | undefined;
}

/** The process's spool and doorbell, shared by all instances. Nothing here throws. */
export class Recorder {
  /** The shape that other copies, older and newer ones too, rely on: `enter`, `forward` and `relay` as they are here. */
  readonly shape = 1;
  readonly version: string;
  readonly relay: Relay;
  readonly #host: Host;
  readonly #spool: Spool;
  readonly #started: Line;
  readonly #seen = new RecentKeys(DELIVERIES);
  readonly #copies = new Set<symbol>();
  readonly #workspaces = new Map<string, number>();
  #instances = 0;
  #over = false;

  /** `first` is the instance that needed it, `own` the plugin's address (`import.meta.url`). */
  constructor(host: Host, version: string, own: string, first: Instance) {
    this.version = version;
    this.#host = host;
    const { files, clock, env, pid, uid } = host;
    const places = placesOf(files, env, host.home, uid, own);
    const run = processKey(files, pid);
    const name = spoolName(run);
    const autostart = new Autostart(places.autostart, env, clock, host.spawn);
    const doorbell = new Doorbell(files, places.doorbell);
    const wake = () => {
      if (doorbell.ring() === "absent") autostart.unanswered();
    };
    const { api, host_version } = first;
    this.#started = { type: "run.started", at_ms: clock.now_ms(), run, api, plugin_version: version, host_version };
    this.#copies.add(first.copy);
    const marker = new LossMarker(files, places.losses, name, pid, uid);
    const cap = new SpoolCap(files, clock, places, run, uid, doorbell, (loss) =>
      this.#spool.append([{ type: "spool.lost", at_ms: clock.now_ms(), ...loss }]),
    );
    const turned = () => cap.look();
    this.#spool = new Spool(files, join(places.spool, name), uid, this.#started, clock, marker, wake, turned);
    cap.look();
    this.relay = new Relay(this, clock);
    host.atExit(() => this.#end());
  }

  /** True while no instance is there: a copy of another version may take its place. */
  get idle(): boolean {
    return this.#instances === 0;
  }

  /** An instance came up. Its departure is told by calling what is given back, once. */
  enter(instance: Instance): () => void {
    const { copy, api, host_version, directory, worktree, project } = instance;
    const at_ms = this.#host.clock.now_ms();
    const lines: Line[] = [];
    if (this.#over || !this.#copies.has(copy)) lines.push({ ...this.#started, at_ms, api, host_version } as Line);
    this.#copies.add(copy);
    this.#over = false;
    this.#instances += 1;
    if (directory !== undefined) {
      const open = this.#workspaces.get(directory) ?? 0;
      this.#workspaces.set(directory, open + 1);
      if (open === 0) lines.push({ type: "workspace.opened", at_ms, directory, worktree, project });
    }
    this.#spool.append(lines);
    let here = true;
    return () => {
      if (here) this.#leave(directory);
      here = false;
    };
  }

  /** Writes what an event means, unless it was written before. */
  forward(key: string | undefined, lines: readonly Line[]): void {
    if (lines.length > 0 && (key === undefined || this.#seen.first(key))) this.#spool.append(lines);
  }

  #leave(directory: string | undefined): void {
    this.#instances -= 1;
    if (directory !== undefined) {
      const open = (this.#workspaces.get(directory) ?? 1) - 1;
      if (open > 0) this.#workspaces.set(directory, open);
      else {
        this.#workspaces.delete(directory);
        this.#spool.append([{ type: "workspace.closed", at_ms: this.#host.clock.now_ms(), directory }]);
      }
    }
    if (this.#instances === 0) this.#end();
    else this.#spool.drain();
  }

  #end(): void {
    if (!this.#over) this.#spool.append([{ type: "run.ended", at_ms: this.#host.clock.now_ms() }]);
    this.#over = true;
    this.#spool.drain();
  }
}

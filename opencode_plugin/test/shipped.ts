/** What is tested is what ships: the installed file's text, and the same text with its insides exported besides. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, normalize } from "node:path";
import type * as autostart from "../src/autostart.ts";
import type * as doorbell from "../src/doorbell.ts";
import type * as host from "../src/host.ts";
import type * as losses from "../src/losses.ts";
import type * as places from "../src/places.ts";
import type * as recorder from "../src/recorder.ts";
import type * as relay from "../src/relay.ts";
import type * as v1 from "../src/v1.ts";
import type * as v2 from "../src/v2.ts";

export const SHIPPED = normalize(join(import.meta.dir, "../../exporter/opencode_stats/install/opencode-stats.ts"));
export const RECORDED = normalize(join(import.meta.dir, "../../tests/fixtures/recorded"));

type Insides = Pick<typeof autostart, "Autostart" | "scrubbed"> &
  Pick<typeof doorbell, "Doorbell"> &
  Pick<typeof host, "coded" | "reasonOf"> &
  Pick<typeof losses, "LossMarker"> &
  Pick<typeof places, "placesOf" | "processKey" | "spoolName"> &
  Pick<typeof recorder, "Recorder"> &
  Pick<typeof relay, "Relay"> &
  Pick<typeof v1, "toldByEvent" | "toldByParams" | "toldByPrompt"> &
  Pick<typeof v2, "V2Reader" | "keyOfV2">;

const NAMES: { [Name in keyof Insides]: true } = {
  Autostart: true,
  Doorbell: true,
  LossMarker: true,
  Recorder: true,
  Relay: true,
  V2Reader: true,
  coded: true,
  keyOfV2: true,
  placesOf: true,
  processKey: true,
  reasonOf: true,
  scrubbed: true,
  spoolName: true,
  toldByEvent: true,
  toldByParams: true,
  toldByPrompt: true,
};

const folder = mkdtempSync(join(tmpdir(), "shipped-"));
const opened = join(folder, "opened.ts");
writeFileSync(opened, `${readFileSync(SHIPPED, "utf8")}\nexport { ${Object.keys(NAMES).join(", ")} };\n`);

/** The insides of the installed file. */
export const insides: Insides = await import(opened);
rmSync(folder, { recursive: true });

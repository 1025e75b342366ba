export { default } from "../../exporter/opencode_stats/install/opencode-stats.ts";

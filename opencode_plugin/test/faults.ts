/** Files that fail when they are told to. */
import * as fs from "node:fs";
import type { Files } from "../src/host.ts";
import { insides } from "./shipped.ts";

/** What a call is to do: work, fail before it did anything, or (`writeSync`) write a part only. */
export type Fate = "works" | "fails" | "half";

/** The real files, each call's fate asked for by its number, from 1, and its name. */
export function faulty(
  fate: (call: number, name: string, args: readonly unknown[]) => Fate,
): Files & { calls: number } {
  let calls = 0;
  return new Proxy(fs as unknown as Files & { calls: number }, {
    get(real, name: keyof Files | "calls") {
      if (name === "calls") return calls;
      const call = real[name] as (...args: unknown[]) => unknown;
      return (...args: unknown[]) => {
        calls += 1;
        const decided = fate(calls, name, args);
        if (decided === "fails") throw insides.coded("EIO");
        if (decided === "half" && name === "writeSync") {
          const length = args[3] as number;
          return call(args[0], args[1], 0, Math.max(1, Math.floor(length / 2)));
        }
        return call(...args);
      };
    },
  });
}

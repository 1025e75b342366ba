// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check

/** Below this there are only the kernel's and the machine's own first processes, which have no windows. */
const LEAST_PID = 2;

/**
 * The window in which a process runs: that of its nearest ancestor that has any; of several the one used last.
 *
 * @template W
 * @param {number[]} pids ancestors, nearest first
 * @param {W[]} windows in the order in which they were used, last used first
 * @param {(window: W) => number} pidOf
 * @returns {W | null}
 */
export function windowOf(pids, windows, pidOf) {
    for (const pid of pids) {
        const found = pid < LEAST_PID ? undefined : windows.find(window => pidOf(window) === pid);
        if (found !== undefined)
            return found;
    }
    return null;
}

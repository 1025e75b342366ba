// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check

import GLib from 'gi://GLib';

/** The Shell's main loop as the clock of a Coalescer. */
export const mainLoopClock = {
    nowMs: () => GLib.get_monotonic_time() / 1000,
    /**
     * @param {() => void} job
     * @param {number} delayMs
     */
    later: (job, delayMs) => GLib.timeout_add(GLib.PRIORITY_DEFAULT, Math.ceil(delayMs), () => {
        job();
        return GLib.SOURCE_REMOVE;
    }),
    /** @param {number} timer */
    forget: timer => GLib.source_remove(timer),
};

/**
 * Lets the Shell draw and hear its user between two pieces of work. The promise is kept also after an end: who awaits
 * it looks whether there is still something to do.
 *
 * @returns {Promise<void>}
 */
export function nextTurn() {
    return new Promise(resolve => GLib.idle_add(GLib.PRIORITY_DEFAULT, () => {
        resolve();
        return GLib.SOURCE_REMOVE;
    }));
}

/**
 * The main loop as the clock of Slices: one turn for each.
 *
 * @param {number} priority one of GLib's; the Shell draws between GLib.PRIORITY_DEFAULT and GLib.PRIORITY_DEFAULT_IDLE
 */
export function turnsOf(priority) {
    return {
        /** @param {() => void} job */
        soon: job => GLib.idle_add(priority, () => {
            job();
            return GLib.SOURCE_REMOVE;
        }),
        /** @param {number} turn */
        forget: turn => GLib.source_remove(turn),
    };
}

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

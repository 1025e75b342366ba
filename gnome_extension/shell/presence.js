// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check

import Gio from 'gi://Gio';

/** While somebody owns it, the exporter shows no notifications of its own (exporter: desktop/bus.py). */
const NAME = 'io.github.opencode_stats.Panel';

/**
 * Says on the session's bus that the panel is there and shows notifications.
 *
 * @returns {() => void} takes that back
 */
export function sayThatPanelIsThere() {
    const owner = Gio.bus_own_name(Gio.BusType.SESSION, NAME, Gio.BusNameOwnerFlags.NONE, null, null, null);
    return () => Gio.bus_unown_name(owner);
}

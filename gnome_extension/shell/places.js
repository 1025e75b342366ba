// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check
// Where the exporter leaves what we read (docs/stats-json.md, "Watching it").

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

/**
 * @typedef {object} Places
 * @property {Gio.File} statsFile
 * @property {Gio.File} stateFolder where plugin and exporter meet; there once something is set up
 * @property {Gio.File} stamp replaced after every publishing, alone in its folder
 * @property {string} socket on which the exporter takes requests
 */

/**
 * @param {Gio.Settings} settings
 * @returns {Places}
 */
export function placesOf(settings) {
    const statsFile = settings.get_string('stats-file') ||
        GLib.build_filenamev([GLib.get_user_data_dir(), 'opencode', 'stats.json']);
    const state = settings.get_string('state-folder') ||
        GLib.build_filenamev([GLib.get_user_state_dir(), 'opencode-stats']);
    return {
        statsFile: Gio.File.new_for_path(statsFile),
        stateFolder: Gio.File.new_for_path(state),
        stamp: Gio.File.new_for_path(GLib.build_filenamev([state, 'stamp', 'published'])),
        socket: GLib.build_filenamev([state, 'control.sock']),
    };
}

// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check

import Meta from 'gi://Meta';

import * as Main from 'resource:///org/gnome/shell/ui/main.js';

import {windowOf} from '../lib/windows.js';

/**
 * Whether the window with the focus is that of one of these processes.
 *
 * @param {number[]} pids
 */
export function hasFocus(pids) {
    const focused = global.display.focus_window;
    return focused !== null && pids.includes(focused.get_pid());
}

/**
 * Brings the window in which one of these processes runs to the front; does nothing where there is none.
 *
 * @param {number[]} pids ancestors, nearest first
 */
export function raiseWindow(pids) {
    const windows = global.display.get_tab_list(Meta.TabList.NORMAL_ALL, null);
    const window = windowOf(pids, windows, candidate => candidate.get_pid());
    if (window !== null)
        Main.activateWindow(window);
}

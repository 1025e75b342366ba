// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check
// The Shell keeps, for ever, who is connected to whom (misc/signalTracker.js) where neither is a GObject that is
// destroyed: a menu and its sections and submenus, and a menu and the panel. Whatever such a menu leads to would never
// be freed (measured: 0.28 MB each time the extension was disabled).

import * as Main from 'resource:///org/gnome/shell/ui/main.js';

/** @typedef {import('resource:///org/gnome/shell/ui/popupMenu.js').PopupMenuBase} PopupMenuBase */

/**
 * @param {PopupMenuBase} menu
 * @param {PopupMenuBase} part a section or a submenu of it
 */
export function forgetPart(menu, part) {
    part.disconnectObject(menu);
    menu.disconnectObject(part);
}

/** @param {PopupMenuBase} menu of a button that was in the panel */
export function forgetMenu(menu) {
    menu.disconnectObject(Main.panel);
}

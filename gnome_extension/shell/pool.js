// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check

import * as PopupMenu from 'resource:///org/gnome/shell/ui/popupMenu.js';

import {forgetPart} from './forget.js';

/**
 * A part of the menu with as many items as there are rows, set apart from what is above it. Items are kept and filled
 * anew, so that what has the keyboard's focus keeps it.
 *
 * @template Row
 */
export class Pool {
    #menu;
    #make;
    #section = new PopupMenu.PopupMenuSection();
    // The Shell looks only when the menu opens whether there is something to set apart.
    #separator = new PopupMenu.PopupSeparatorMenuItem();
    /** @type {(PopupMenu.PopupBaseMenuItem & {show_row: (row: Row) => void})[]} */
    #items = [];

    /**
     * @param {PopupMenu.PopupMenu} menu
     * @param {() => PopupMenu.PopupBaseMenuItem & {show_row: (row: Row) => void}} make
     */
    constructor(menu, make) {
        this.#menu = menu;
        this.#make = make;
        menu.addMenuItem(this.#separator);
        menu.addMenuItem(this.#section);
    }

    /** Called after the menu was destroyed. */
    stop() {
        forgetPart(this.#menu, this.#section);
    }

    /**
     * @param {Row[]} rows
     * @returns {Generator<void>} yields where others may have a turn: to make an item takes a millisecond
     */
    *show(rows) {
        this.#items.splice(rows.length).forEach(item => item.destroy());
        this.#separator.visible = rows.length > 0;
        for (const [index, row] of rows.entries()) {
            const isNew = index === this.#items.length;
            if (isNew) {
                this.#items.push(this.#make());
                this.#section.addMenuItem(this.#items[index]);
            }
            this.#items[index].show_row(row);
            if (isNew)
                yield;
        }
    }
}

// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check

import {Extension} from 'resource:///org/gnome/shell/extensions/extension.js';

import {Memory} from './lib/attention.js';
import {UndoStack} from './lib/undo.js';
import {Controller} from './shell/controller.js';

export default class OpencodeStatsExtension extends Extension {
    /** @type {UndoStack | null} */
    #undo = null;
    /**
     * What the user was told of. The Shell disables extensions when it locks the screen and keeps this very object, so
     * it outlives that and ends with the login, as it should: a setting would be written to disk for every item and
     * outlive the login, a file would have to be read before the first item could be judged.
     *
     * @type {Memory | null}
     */
    #memory = null;

    enable() {
        const undo = new UndoStack();
        this.#undo = undo;
        this.#memory ??= new Memory(Date.now());
        try {
            new Controller(this, this.#memory, undo);
        } catch (error) {
            this.disable();
            throw error;
        }
    }

    disable() {
        const errors = this.#undo?.undo() ?? [];
        this.#undo = null;
        for (const error of errors)
            console.error(error, 'opencode-stats: something was not undone');
    }
}

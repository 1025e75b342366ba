// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check

import {Extension} from 'resource:///org/gnome/shell/extensions/extension.js';
import * as Main from 'resource:///org/gnome/shell/ui/main.js';

import {Memory} from './lib/attention.js';
import {UndoStack} from './lib/undo.js';
import {nextTurn} from './shell/clock.js';

/** GJS compiles in one go what a module imports, 20 ms for all of ours: so each of these finds most of its own there. */
const MODULES = [
    './lib/document.js', './lib/menu.js', './lib/chart.js', './lib/notice.js', './lib/instants.js', './lib/panel.js',
    './shell/exporter.js', './shell/statsFile.js', './shell/panelButton.js', './shell/barItem.js', './shell/rows.js',
    './shell/chartArea.js', './shell/sectionItem.js', './shell/menu.js', './shell/notifier.js',
];

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

    /** Only begins: the Shell would not disable an extension that is still being enabled. */
    enable() {
        const undo = new UndoStack();
        this.#undo = undo;
        this.#memory ??= new Memory(Date.now());
        this.#begin(undo, this.#memory).catch(error => {
            if (this.#undo === undo)
                this.disable();
            Main.extensionManager.logExtensionError(this.uuid, error);
        });
    }

    /**
     * @param {UndoStack} undo
     * @param {Memory} memory
     */
    async #begin(undo, memory) {
        for (const module of MODULES) {
            /* eslint-disable no-await-in-loop -- one turn of the main loop for each is what this is for */
            await import(module);
            await nextTurn();
            /* eslint-enable no-await-in-loop */
        }
        const {Controller} = await import('./shell/controller.js');
        await nextTurn();
        if (this.#undo === undo)
            await new Controller(this, memory, undo).begin();
    }

    disable() {
        const errors = this.#undo?.undo() ?? [];
        this.#undo = null;
        for (const error of errors)
            console.error(error, 'opencode-stats: something was not undone');
    }
}

// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check

/** What has to be undone, last thing first. */
export class UndoStack {
    /** @type {(() => void)[]} */
    #steps = [];

    /** @param {() => void} step called once, by `undo()` */
    add(step) {
        this.#steps.push(step);
    }

    /**
     * Undoes everything. One step that fails does not keep the others from being undone.
     *
     * @returns {unknown[]} what the steps threw
     */
    undo() {
        const errors = [];
        while (this.#steps.length > 0) {
            try {
                this.#steps.pop()?.();
            } catch (error) {
                errors.push(error);
            }
        }
        return errors;
    }
}

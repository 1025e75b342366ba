// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check

/** @typedef {() => void} Slice a piece of work that takes a millisecond or two */

/**
 * Does long work piece by piece, and lets whoever else is there have a turn in between. Work that begins takes the
 * place of work that has not ended.
 */
export class Slices {
    #clock;
    /** @type {Iterator<void> | null} */
    #work = null;
    /** @type {unknown} */
    #turn = null;

    /** @param {{soon: (job: () => void) => unknown, forget: (turn: any) => void}} clock `soon`: in a turn of its own */
    constructor(clock) {
        this.#clock = clock;
    }

    /** @param {Iterator<void>} work a generator that yields where others may have a turn */
    begin(work) {
        this.#work = work;
        this.#turn ??= this.#clock.soon(() => this.#go());
    }

    /** What was begun is not gone on with. */
    stop() {
        this.#work = null;
        if (this.#turn !== null)
            this.#clock.forget(this.#turn);
        this.#turn = null;
    }

    #go() {
        this.#turn = null;
        const work = this.#work;
        if (work === null)
            return;
        const {done} = work.next();
        if (this.#work !== work) // it began another, or stopped
            return;
        if (done)
            this.#work = null;
        else
            this.#turn = this.#clock.soon(() => this.#go());
    }
}

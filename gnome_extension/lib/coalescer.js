// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check

/**
 * Runs a job once for many reasons: at once if it has rested long enough, else when it has. One run at a time; what
 * comes during a run asks for one more. No timer is set while nobody asks.
 */
export class Coalescer {
    #job;
    #restMs;
    #clock;
    #running = false;
    #asked = false;
    #stopped = false;
    #endedMs = -Infinity;
    /** @type {unknown} */
    #timer = null;

    /**
     * @param {() => Promise<void>} job never rejects
     * @param {number} restMs from the end of a run to the beginning of the next
     * @param {{nowMs: () => number, later: (job: () => void, delayMs: number) => unknown, forget: (timer: any) => void}} clock
     */
    constructor(job, restMs, clock) {
        this.#job = job;
        this.#restMs = restMs;
        this.#clock = clock;
    }

    /** There is a reason to run. */
    ask() {
        if (this.#stopped)
            return;
        this.#asked = true;
        if (this.#running || this.#timer !== null)
            return;
        const waitMs = this.#endedMs + this.#restMs - this.#clock.nowMs();
        if (waitMs <= 0)
            this.#run();
        else
            this.#timer = this.#clock.later(() => this.#run(), waitMs);
    }

    /** Nothing is run any more; a run that is under way ends by itself. */
    stop() {
        this.#stopped = true;
        if (this.#timer !== null)
            this.#clock.forget(this.#timer);
        this.#timer = null;
    }

    #run() {
        this.#timer = null;
        this.#asked = false;
        this.#running = true;
        this.#job().finally(() => {
            this.#running = false;
            this.#endedMs = this.#clock.nowMs();
            if (this.#asked)
                this.ask();
        });
    }
}

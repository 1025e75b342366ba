// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check
import {Coalescer} from '../lib/coalescer.js';
import {equal, test} from './harness.js';

const settled = () => new Promise(resolve => setTimeout(resolve, 0));

/** A clock that stands still, and the job's runs. */
function scene() {
    const timers = /** @type {{job: () => void, atMs: number}[]} */ ([]);
    const made = {
        nowMs: 1000,
        runs: 0,
        timers,
        /** @type {(() => void) | null} */
        end: null,
        coalescer: /** @type {Coalescer} */ (/** @type {unknown} */ (null)),
        /** @param {number} ms */
        async pass(ms) {
            made.nowMs += ms;
            for (const timer of timers.filter(({atMs}) => atMs <= made.nowMs)) {
                timers.splice(timers.indexOf(timer), 1);
                timer.job();
            }
            await settled();
        },
        async finish() {
            made.end?.();
            await settled();
        },
    };
    made.coalescer = new Coalescer(() => new Promise(resolve => {
        made.runs++;
        made.end = () => resolve(undefined);
    }), 100, {
        nowMs: () => made.nowMs,
        later: (job, delayMs) => {
            const timer = {job, atMs: made.nowMs + delayMs};
            timers.push(timer);
            return timer;
        },
        forget: timer => timers.splice(timers.indexOf(timer), 1),
    });
    return made;
}

test('a rested job runs at once, without a timer', () => {
    const it = scene();
    it.coalescer.ask();
    equal([it.runs, it.timers.length], [1, 0]);
});

test('a thousand reasons during a run make one more, after a rest', async () => {
    const it = scene();
    it.coalescer.ask();
    for (let count = 0; count < 1000; count++)
        it.coalescer.ask();
    await it.finish();
    equal([it.runs, it.timers.length], [1, 1]);
    await it.pass(99);
    equal(it.runs, 1);
    await it.pass(1);
    equal([it.runs, it.timers.length], [2, 0]);
});

test('nothing waits when nobody asked again', async () => {
    const it = scene();
    it.coalescer.ask();
    await it.finish();
    equal(it.timers.length, 0);
});

test('a thousand reasons a second make at most ten runs', async () => {
    const it = scene();
    for (let passed = 0; passed < 999; passed++) {
        it.coalescer.ask();
        await it.finish(); // eslint-disable-line no-await-in-loop -- the clock goes on step by step
        await it.pass(1); // eslint-disable-line no-await-in-loop
    }
    equal(it.runs, 10);
});

test('after its end nothing runs, and no timer is left', async () => {
    const it = scene();
    it.coalescer.ask();
    it.coalescer.ask();
    await it.finish();
    it.coalescer.stop();
    it.coalescer.ask();
    await it.pass(1000);
    equal([it.runs, it.timers.length], [1, 0]);
});

test('an end in the middle of a run starts no other', async () => {
    const it = scene();
    it.coalescer.ask();
    it.coalescer.ask();
    it.coalescer.stop();
    await it.finish();
    equal([it.runs, it.timers.length], [1, 0]);
});

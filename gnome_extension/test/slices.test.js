// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check
import {Slices} from '../lib/slices.js';
import {equal, test} from './harness.js';

/** A main loop that turns when it is told to. */
function scene() {
    const turns = /** @type {(() => void)[]} */ ([]);
    const done = /** @type {string[]} */ ([]);
    const slices = new Slices({
        soon: job => {
            turns.push(job);
            return job;
        },
        forget: job => turns.splice(turns.indexOf(job), 1),
    });
    return {
        turns,
        done,
        slices,
        turn: () => turns.shift()?.(),
        /** @param {string} name */
        * work(name) {
            done.push(`${name} 1`);
            yield;
            done.push(`${name} 2`);
        },
    };
}

test('each piece has a turn of its own, and none is taken afterwards', () => {
    const {slices, turns, turn, done, work} = scene();
    slices.begin(work('one'));
    equal(done, []);
    turn();
    equal(done, ['one 1']);
    turn();
    equal(done, ['one 1', 'one 2']);
    equal(turns.length, 0);
});

test('work that begins takes the place of what has not ended', () => {
    const {slices, turns, turn, done, work} = scene();
    slices.begin(work('one'));
    turn();
    slices.begin(work('other'));
    equal(turns.length, 1);
    turn();
    turn();
    equal([done, turns.length], [['one 1', 'other 1', 'other 2'], 0]);
});

test('work may begin other work', () => {
    const {slices, turns, turn, done, work} = scene();
    slices.begin((function* () {
        slices.begin(work('other'));
        yield;
        done.push('never');
    })());
    turn();
    equal(turns.length, 1);
    turn();
    turn();
    equal([done, turns.length], [['other 1', 'other 2'], 0]);
});

test('what is stopped leaves no turn behind, and other work can begin', () => {
    const {slices, turns, turn, done, work} = scene();
    slices.begin(work('one'));
    turn();
    slices.stop();
    equal(turns.length, 0);
    slices.stop();
    slices.begin(work('other'));
    turn();
    equal(done, ['one 1', 'other 1']);
});

test('work that fails does not keep other work from beginning', () => {
    const {slices, turn, done, work} = scene();
    slices.begin((function* () {
        yield;
        throw new Error('no');
    })());
    turn();
    try {
        turn();
    } catch {
        done.push('thrown');
    }
    slices.begin(work('other'));
    turn();
    equal(done, ['thrown', 'other 1']);
});

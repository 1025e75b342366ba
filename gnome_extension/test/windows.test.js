// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check
import {windowOf} from '../lib/windows.js';
import {equal, test} from './harness.js';

const windows = [{pid: 30, name: 'last used'}, {pid: 20, name: 'a'}, {pid: 30, name: 'before'}, {pid: 1, name: 'first process'}];
/** @param {number[]} pids */
const found = pids => windowOf(pids, windows, window => window.pid)?.name ?? null;

test('the nearest ancestor with a window is the one', () => {
    equal(found([99, 20, 30]), 'a');
});

test('of several windows of one process the one used last is taken', () => {
    equal(found([99, 30]), 'last used');
});

test('without an ancestor that has a window there is none', () => {
    equal([found([99]), found([]), found([1])], [null, null, null]);
});

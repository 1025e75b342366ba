// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check
import {UndoStack} from '../lib/undo.js';
import {equal, test} from './harness.js';

test('what was done last is undone first, and once', () => {
    const undone = /** @type {number[]} */ ([]);
    const undo = new UndoStack();
    [1, 2, 3].forEach(step => undo.add(() => undone.push(step)));
    undo.undo();
    undo.undo();
    equal(undone, [3, 2, 1]);
});

test('a step that fails keeps no other from being undone, and is told', () => {
    const undone = /** @type {number[]} */ ([]);
    const undo = new UndoStack();
    undo.add(() => undone.push(1));
    undo.add(() => {
        throw new Error('no');
    });
    const errors = undo.undo();
    equal(undone, [1]);
    equal(errors.map(String), ['Error: no']);
});

// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check

import {onDemand} from '../lib/onDemand.js';
import {equal, test} from './harness.js';

test('a format is made when it is first needed, and once', () => {
    const made = /** @type {string[]} */ ([]);
    /** @param {string} name */
    const maker = name => () => {
        made.push(name);
        return {format: (/** @type {number} */ value) => `${name} ${value}`};
    };
    const format = onDemand({one: maker('one'), other: maker('other')});
    equal(made, []);
    equal(format('one', 1), 'one 1');
    equal(format('one', 2), 'one 2');
    equal(made, ['one']);
});

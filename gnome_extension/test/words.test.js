// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check
import {fill} from '../lib/words.js';
import {equal, test} from './harness.js';

test('values take their places in any order', () => {
    equal(fill('{two} before {one}', {one: '1', two: '2'}), '2 before 1');
});

test('a value that looks like a place is left as it is', () => {
    equal(fill('{folder}, after {length}', {folder: '{length} $1 $&', length: '3 min'}), '{length} $1 $&, after 3 min');
});

test('a place without a value stays', () => {
    equal(fill('{what} and {toString}', {}), '{what} and {toString}');
});

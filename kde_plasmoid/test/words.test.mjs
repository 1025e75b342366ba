// SPDX-License-Identifier: MIT
// Where the widget and the GNOME panel say the same, they are held to the same: the panel's own code is asked.
import assert from 'node:assert/strict';
import test from 'node:test';

import {folderName as panelFolderName, shownName as panelShownName} from '../../gnome_extension/lib/names.js';
import {Numbers, US_DOLLARS} from '../../gnome_extension/lib/numbers.js';
import {compact, cost, folderName, money, shownName} from '../package/contents/code/words.mjs';
import {english, german} from './speech.mjs';

const panel = new Numbers('en-US', 'compact', US_DOLLARS);
const dollars = {code: 'USD', perUsd: 1};

test('tokens in short are as in the GNOME panel', () => {
    const counts = [0, 7, 999, 1000, 1004, 1005, 1115, 1234, 9995, 99_950, 999_499, 999_500, 999_999, 1_234_567, 64_843_563, 1e9, 1e12, 1.5e14];
    for (let count = 1; count < 3e13; count = Math.ceil(count * 1.37))
        counts.push(count);
    for (const count of counts)
        assert.equal(compact(count, english.number), panel.tokens(count), String(count));
});

test('tokens in short have the point of the user’s language', () => {
    assert.equal(compact(1_234_567, german.number), '1,23M');
});

test('costs are as in the menu of the GNOME panel', () => {
    for (const usd of [0, 0.00001, 0.0001, 0.348, 0.99996, 12.849, 1234.5])
        assert.equal(money(usd, dollars, english.number), panel.cost(usd));
});

test('costs in another currency name it', () => {
    const euros = {code: 'EUR', perUsd: 0.5};
    assert.deepEqual([0, 0.00001, 0.348, 2469].map(usd => money(usd, euros, german.number)),
        ['0,00 EUR', '<0,0001 EUR', '0,1740 EUR', '1.234,50 EUR']);
});

test('what has no recorded cost is not shown as for nothing', () => {
    const shown = (costUsd, listUsd, isUnpriced) => cost({costUsd, listUsd, isUnpriced}, dollars, english.number);
    assert.deepEqual([shown(0, 0, false), shown(2, 0, false), shown(2, 1, false), shown(2, 0, true), shown(0, 1, false), shown(0, 1, true),
        shown(0, 0, true)], ['$0.00', '$2.00', '$2.00+', '$2.00+', '[$1.00]', '[$1.00]+', 'unpriced']);
});

test('names are shown as the GNOME panel shows them', () => {
    const names = ['claude-sonnet-5', 'Größe/模型', '<b>x</b> & y', 'a\u202eb\u0007\n\ud800c\u2028', 'x\udc00', '😀'.repeat(50), 'é', `e${'\u0301'.repeat(50)}`,
        'a\u200bb\ufeff', 'x'.repeat(10_000_000), 'abc'.repeat(30)];
    for (const name of names)
        assert.equal(shownName(name), panelShownName(name));
    assert.equal(shownName('abcdefghij', 5), 'ab…ij');
});

test('a folder is called by its last part', () => {
    for (const folder of ['/home/ada/work/shop/', '/home/ada', '/', '/srv/a b'])
        assert.equal(folderName(folder, '/home/ada'), panelFolderName(folder, '/home/ada'));
});

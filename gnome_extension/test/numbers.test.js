// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check
import {Numbers} from '../lib/numbers.js';
import {equal, test} from './harness.js';

const english = new Numbers('en-US', 'compact');

test('tokens in short keep three digits', () => {
    equal([0, 7, 999, 1000, 1234, 999_999, 1_234_567, 64_843_563, 1e12].map(count => english.tokens(count)),
        ['0', '7', '999', '1K', '1.23K', '1M', '1.23M', '64.8M', '1T']);
});

test('tokens in full are to the last one', () => {
    equal(new Numbers('en-US', 'full').tokens(1_234_567), '1,234,567');
    equal(new Numbers('de-DE', 'full').tokens(1_234_567), '1.234.567');
    equal(english.exactTokens(1_234_567), '1,234,567');
});

test('numbers are written as the language has it', () => {
    equal(new Numbers('de-DE', 'compact').tokens(1_234_567).replace(/\s/u, ' '), '1,23 Mio.');
    equal(new Numbers('fr-FR', 'compact').tokens(1_234_567).replace(/\s/u, ' '), '1,23 M');
});

test('costs below a dollar have four places, and none that is there reads zero', () => {
    equal([0, 0.00001, 0.0001, 0.348, 0.99996, 12.849].map(usd => english.cost(usd)),
        ['$0.00', '<$0.0001', '$0.0001', '$0.3480', '$1.00', '$12.85']);
});

test('costs in the panel are to the cent, and none that is there reads zero', () => {
    equal([0, 0.004, 0.348, 1234.5].map(usd => english.roundCost(usd)), ['$0.00', '<$0.01', '$0.35', '$1,234.50']);
});

test('a share that is there never reads zero', () => {
    equal([0, 0.004, 0.5, 1].map(share => english.share(share)), ['0%', '<1%', '50%', '100%']);
});

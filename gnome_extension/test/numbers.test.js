// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check
import {Numbers, US_DOLLARS} from '../lib/numbers.js';
import {equal, test} from './harness.js';

const english = new Numbers('en-US', 'compact', US_DOLLARS);

test('tokens in short keep three digits', () => {
    equal([0, 7, 999, 1000, 1234, 999_999, 1_234_567, 64_843_563, 1e12].map(count => english.tokens(count)),
        ['0', '7', '999', '1K', '1.23K', '1M', '1.23M', '64.8M', '1T']);
});

test('tokens in full are to the last one', () => {
    equal(new Numbers('en-US', 'full', US_DOLLARS).tokens(1_234_567), '1,234,567');
    equal(new Numbers('de-DE', 'full', US_DOLLARS).tokens(1_234_567), '1.234.567');
    equal(english.exactTokens(1_234_567), '1,234,567');
});

test('numbers are written as the language has it', () => {
    equal(new Numbers('de-DE', 'compact', US_DOLLARS).tokens(1_234_567).replace(/\s/u, ' '), '1,23 Mio.');
    equal(new Numbers('fr-FR', 'compact', US_DOLLARS).tokens(1_234_567).replace(/\s/u, ' '), '1,23 M');
});

test('costs below a dollar have four places, and none that is there reads zero', () => {
    equal([0, 0.00001, 0.0001, 0.348, 0.99996, 12.849].map(usd => english.cost(usd)),
        ['$0.00', '<$0.0001', '$0.0001', '$0.3480', '$1.00', '$12.85']);
});

test('costs in the panel are to the cent, and none that is there reads zero', () => {
    equal([0, 0.004, 0.348, 1234.5].map(usd => english.roundCost(usd)), ['$0.00', '<$0.01', '$0.35', '$1,234.50']);
});

test('costs are shown in the currency of the user, which is named', () => {
    const euros = new Numbers('de-DE', 'compact', {code: 'EUR', perUsd: 0.5});
    equal([0, 0.348, 2469].map(usd => euros.cost(usd).replace(/\s/u, ' ')), ['0,00 €', '0,1740 €', '1.234,50 €']);
    equal(euros.roundCost(0.01).replace(/\s/u, ' '), '<0,01 €');
    const australian = new Numbers('en-US', 'compact', {code: 'AUD', perUsd: 2});
    equal([australian.cost(1), australian.roundCost(0.5)], ['A$2.00', 'A$1.00']);
    // Whoever has no cents has them all the same in figures as small as these.
    equal(new Numbers('en-US', 'compact', {code: 'JPY', perUsd: 150}).cost(0.05), '¥7.50');
});

test('a share that is there never reads zero', () => {
    equal([0, 0.004, 0.5, 1].map(share => english.share(share)), ['0%', '<1%', '50%', '100%']);
});

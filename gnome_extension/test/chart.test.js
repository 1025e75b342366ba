// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check
import {daysChart, hoursChart} from '../lib/chart.js';
import {NOW_MS, equal, test} from './harness.js';
import {sample, speech} from './sample.js';

const HOUR_MS = 3_600_000;
const MIDNIGHT_MS = new Date(2026, 10, 21).getTime();

/**
 * @param {number} count
 * @param {(hour: number) => number} tokens
 */
function hours(count, tokens) {
    return Array.from({length: count}, (_, hour) => ({startMs: MIDNIGHT_MS + hour * HOUR_MS, totalTokens: tokens(hour), totalCost: 0}));
}

test('a day has a bar for each hour, those to come are empty', () => {
    const view = hoursChart(sample({history: {hours: hours(15, hour => hour)}}), NOW_MS, speech);
    equal(view?.bars.length, 24);
    equal(view?.bars.map(bar => bar.height).slice(12), [12 / 14, 13 / 14, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    equal(view?.bars.findIndex(bar => bar.isNow), 14);
    equal([view?.first, view?.last].map(text => text?.replace(/\s/u, ' ')), ['12:00 AM', '11:00 PM']);
});

test('a day of twenty-five hours has twenty-five bars', () => {
    equal(hoursChart(sample({history: {hours: hours(25, () => 1)}}), NOW_MS, speech)?.bars.length, 25);
});

test('the last days end today', () => {
    const view = daysChart(sample(), speech);
    equal(view?.bars.map(({height, title, text, isNow}) => [height, title, text, isNow]),
        [[0.5, 'Fri, Nov 20', '10 · $2.00', false], [1, 'Sat, Nov 21', '20', true]]);
    equal(view?.title, 'Last 2 days');
});

test('days without usage make an empty chart, not a broken one', () => {
    const view = daysChart(sample({history: {days: [{date: '2026-11-21', totalTokens: 0}, {date: 'x'}]}}), speech);
    equal(view?.bars.map(({height, title}) => [height, title]), [[0, 'Sat, Nov 21'], [0, '']]);
    equal(view?.spoken, 'Last 2 days: nothing');
});

test('a screen reader is told the highest bar', () => {
    equal(daysChart(sample(), speech)?.spoken, 'Last 2 days: at most 20 tokens, Sat, Nov 21');
});

test('without history there is no chart', () => {
    equal([hoursChart(sample({history: null}), NOW_MS, speech), daysChart(sample({history: null}), speech)], [null, null]);
});

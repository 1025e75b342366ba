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

test('a day has a bar for each hour', () => {
    const view = hoursChart(sample({history: {hours: hours(24, hour => hour < 15 ? hour : 0)}}), NOW_MS, speech);
    equal(view?.bars.map(bar => bar.height).slice(12), [12 / 14, 13 / 14, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    equal(view?.bars.map((bar, hour) => bar.isNow ? hour : -1).filter(hour => hour >= 0), [14]);
    equal([view?.first, view?.last].map(text => text?.replace(/\s/u, ' ')), ['12:00 AM', '11:00 PM']);
});

test('days on which the clock changes have the hours that they have', () => {
    equal([23, 25].map(count => hoursChart(sample({history: {hours: hours(count, () => 1)}}), NOW_MS, speech)?.bars.length), [23, 25]);
});

test('the last days end today', () => {
    const view = daysChart(sample(), speech);
    equal(view?.bars, [{height: 0.5, isNow: false}, {height: 1, isNow: true}]);
    equal(view?.title, 'Last 2 days');
});

test('a bar is described when it is pointed at, and nothing beside it', () => {
    const view = daysChart(sample(), speech);
    equal([0, 1, 2, -1].map(index => view?.describe(index)),
        [{title: 'Fri, Nov 20', text: '10 · $2.00'}, {title: 'Sat, Nov 21', text: '20'}, null, null]);
});

test('days without usage make an empty chart, not a broken one', () => {
    const view = daysChart(sample({history: {days: [{date: '2026-11-21', totalTokens: 0}, {date: 'x'}]}}), speech);
    equal(view?.bars.map(({height}) => height), [0, 0]);
    equal([view?.first, view?.last], ['Sat, Nov 21', '']);
    equal(view?.spoken, 'Last 2 days: nothing');
});

test('a screen reader is told the highest bar', () => {
    equal(daysChart(sample(), speech)?.spoken, 'Last 2 days: at most 20 tokens, Sat, Nov 21');
});

test('without history there is no chart', () => {
    equal([hoursChart(sample({history: null}), NOW_MS, speech), daysChart(sample({history: null}), speech)], [null, null]);
});

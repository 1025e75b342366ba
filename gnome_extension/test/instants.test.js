// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check
import {Instants} from '../lib/instants.js';
import {MINUTE_MS, NOW_MS, equal, test} from './harness.js';

const english = new Instants('en-US');
const HOUR_MS = 60 * MINUTE_MS;

test('how long ago is said in the largest unit', () => {
    equal([0, 9000, 45_000, MINUTE_MS, 59 * MINUTE_MS, 3 * HOUR_MS, 24 * HOUR_MS, 80 * HOUR_MS].map(ms => english.ago(NOW_MS - ms, NOW_MS)),
        ['now', 'now', '45 seconds ago', '1 minute ago', '59 minutes ago', '3 hours ago', 'yesterday', '3 days ago']);
});

test('what a stepped clock puts into the future is now', () => {
    equal(english.ago(NOW_MS + HOUR_MS, NOW_MS), 'now');
});

test('a length of time is said in its largest unit or two', () => {
    equal([0, 4999, 3 * MINUTE_MS, HOUR_MS, 125 * MINUTE_MS, 47 * HOUR_MS, 80 * HOUR_MS].map(ms => english.length(ms)),
        ['0 sec', '4 sec', '3 min', '1 hr', '2 hr 5 min', '47 hr', '3 days']);
});

test('an instant is a time or a date, and of one day with some others', () => {
    equal(english.time(NOW_MS - HOUR_MS).replace(/\s/u, ' '), '01:30 PM');
    equal(english.date(NOW_MS - 24 * HOUR_MS), 'Nov 20, 2026');
    equal([1, 24].map(hours => english.isSameDay(NOW_MS - hours * HOUR_MS, NOW_MS)), [true, false]);
});

test('a day is that day in every time zone', () => {
    equal(english.day('2026-11-21'), 'Sat, Nov 21');
});

test('times are written as the language has it', () => {
    const german = new Instants('de-DE');
    equal(german.ago(NOW_MS - 5 * MINUTE_MS, NOW_MS), 'vor 5 Minuten');
    equal(german.time(NOW_MS), '14:30');
});

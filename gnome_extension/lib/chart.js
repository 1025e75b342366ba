// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check
// Bars over time.

import {fill} from './words.js';

/** @typedef {import('./document.js').Document} Document */
/** @typedef {import('./menu.js').Speech} Speech */
/** @typedef {{height: number, title: string, text: string, isNow: boolean}} Bar `height`: 0 to 1 */
/** @typedef {{title: string, bars: Bar[], first: string, last: string, spoken: string}} ChartView */

const HOUR_MS = 60 * 60 * 1000;
const HOURS_OF_A_DAY = 24;

/**
 * Today's hours; hours to come are empty.
 *
 * @param {Document} document
 * @param {number} nowMs
 * @param {Speech} speech
 * @returns {ChartView | null} null where the writer knows no history
 */
export function hoursChart({hours}, nowMs, speech) {
    if (hours.length === 0)
        return null;
    const {instants, words: {gettext: _}} = speech;
    const firstMs = hours[0].startMs;
    const all = [...hours];
    while (all.length < HOURS_OF_A_DAY)
        all.push({startMs: firstMs + all.length * HOUR_MS, tokens: 0, costUsd: 0});
    const entries = all.map(hour => ({
        ...hour,
        title: instants.time(hour.startMs),
        isNow: hour.startMs <= nowMs && nowMs < hour.startMs + HOUR_MS,
    }));
    return chart(_('Today by hour'), entries, speech);
}

/**
 * The last days, today last.
 *
 * @param {Document} document
 * @param {Speech} speech
 * @returns {ChartView | null} null where the writer knows no history
 */
export function daysChart({days}, speech) {
    if (days.length === 0)
        return null;
    const {instants, numbers, words: {ngettext}} = speech;
    const title = ngettext('Last {count} day', 'Last {count} days', days.length);
    const entries = days.map((day, index) => ({
        ...day,
        title: isDate(day.date) ? instants.day(day.date) : '',
        isNow: index === days.length - 1,
    }));
    return chart(fill(title, {count: numbers.exactTokens(days.length)}), entries, speech);
}

/**
 * @param {string} title
 * @param {{title: string, tokens: number, costUsd: number, isNow: boolean}[]} entries
 * @param {Speech} speech
 * @returns {ChartView}
 */
function chart(title, entries, {numbers, showCost, words: {gettext: _}}) {
    const most = entries.reduce((one, other) => other.tokens > one.tokens ? other : one);
    // Translators: a chart's highest bar, for screen readers: "Today by hour: at most 1.2M tokens, 14:00"
    const peak = fill(_('{chart}: at most {count} tokens, {when}'), {
        chart: title, count: numbers.tokens(most.tokens), when: most.title,
    });
    return {
        title,
        first: entries[0].title,
        last: entries[entries.length - 1].title,
        spoken: most.tokens > 0 ? peak : fill(_('{chart}: nothing'), {chart: title}),
        bars: entries.map(entry => ({
            height: most.tokens > 0 ? entry.tokens / most.tokens : 0,
            title: entry.title,
            text: showCost && entry.costUsd > 0
                ? `${numbers.tokens(entry.tokens)} · ${numbers.roundCost(entry.costUsd)}`
                : numbers.tokens(entry.tokens),
            isNow: entry.isNow,
        })),
    };
}

/** @param {string} text */
function isDate(text) {
    return /^\d{4}-\d{2}-\d{2}$/.test(text);
}

// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check
// Bars over time.

import {fill} from './words.js';

/** @typedef {import('./document.js').Document} Document */
/** @typedef {import('./menu.js').Speech} Speech */
/** @typedef {{height: number, isNow: boolean}} Bar `height`: 0 to 1 */
/**
 * @typedef {object} ChartView
 * @property {string} title
 * @property {Bar[]} bars
 * @property {string} first below the first bar
 * @property {string} last below the last bar
 * @property {string} spoken
 * @property {(index: number) => {title: string, text: string} | null} describe one bar; made when it is pointed at
 */
/** @typedef {{tokens: number, costUsd: number, isNow: boolean, title: () => string}} Entry */

/**
 * Today's hours, those to come included, of which there are 23 or 25 where the clock changes.
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
    const entries = hours.map((hour, index) => ({
        ...hour,
        title: () => instants.time(hour.startMs),
        isNow: hour.startMs <= nowMs && nowMs < (hours[index + 1]?.startMs ?? Infinity),
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
        title: () => isDate(day.date) ? instants.day(day.date) : '',
        isNow: index === days.length - 1,
    }));
    return chart(fill(title, {count: numbers.exactTokens(days.length)}), entries, speech);
}

/**
 * @param {string} title
 * @param {Entry[]} entries
 * @param {Speech} speech
 * @returns {ChartView}
 */
function chart(title, entries, {numbers, showCost, words: {gettext: _}}) {
    const most = entries.reduce((one, other) => other.tokens > one.tokens ? other : one);
    // Translators: a chart's highest bar, for screen readers: "Today by hour: at most 1.2M tokens, 14:00"
    const peak = fill(_('{chart}: at most {count} tokens, {when}'), {
        chart: title, count: numbers.tokens(most.tokens), when: most.title(),
    });
    return {
        title,
        first: entries[0].title(),
        last: entries[entries.length - 1].title(),
        spoken: most.tokens > 0 ? peak : fill(_('{chart}: nothing'), {chart: title}),
        bars: entries.map(({tokens, isNow}) => ({height: most.tokens > 0 ? tokens / most.tokens : 0, isNow})),
        describe: index => {
            const entry = entries.at(index);
            if (index < 0 || entry === undefined)
                return null;
            const cost = showCost && entry.costUsd > 0 ? ` · ${numbers.roundCost(entry.costUsd)}` : '';
            return {title: entry.title(), text: numbers.tokens(entry.tokens) + cost};
        },
    };
}

/** @param {string} text */
function isDate(text) {
    return /^\d{4}-\d{2}-\d{2}$/.test(text);
}

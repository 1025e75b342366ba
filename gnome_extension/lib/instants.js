// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check

import {onDemand} from './onDemand.js';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Instants and lengths of time as text, in the user's language and time zone. */
export class Instants {
    #format;
    #relative;

    /** @param {string} locale a language tag */
    constructor(locale) {
        /** @param {string} unit */
        const lengthIn = unit => () => new Intl.NumberFormat(locale, {style: 'unit', unit, unitDisplay: 'short'});
        this.#format = onDemand({
            time: () => new Intl.DateTimeFormat(locale, {hour: '2-digit', minute: '2-digit'}),
            day: () => new Intl.DateTimeFormat(locale, {weekday: 'short', day: 'numeric', month: 'short'}),
            date: () => new Intl.DateTimeFormat(locale, {dateStyle: 'medium'}),
            seconds: lengthIn('second'),
            minutes: lengthIn('minute'),
            hours: lengthIn('hour'),
            days: lengthIn('day'),
        });
        this.#relative = new Intl.RelativeTimeFormat(locale, {numeric: 'auto'});
    }

    /**
     * How long ago: `5 minutes ago`, `yesterday`. What a stepped clock puts into the future is now.
     *
     * @param {number} atMs
     * @param {number} nowMs
     */
    ago(atMs, nowMs) {
        const passedMs = Math.max(0, nowMs - atMs);
        if (passedMs < 10 * SECOND_MS)
            return this.#relative.format(0, 'second');
        if (passedMs < MINUTE_MS)
            return this.#relative.format(-Math.floor(passedMs / SECOND_MS), 'second');
        if (passedMs < HOUR_MS)
            return this.#relative.format(-Math.floor(passedMs / MINUTE_MS), 'minute');
        if (passedMs < DAY_MS)
            return this.#relative.format(-Math.floor(passedMs / HOUR_MS), 'hour');
        return this.#relative.format(-Math.floor(passedMs / DAY_MS), 'day');
    }

    /**
     * A length of time in its largest unit or two: `4 sec`, `3 min`, `2 hr 5 min`, `3 days`.
     *
     * @param {number} lengthMs
     */
    length(lengthMs) {
        if (lengthMs < MINUTE_MS)
            return this.#format('seconds', Math.floor(lengthMs / SECOND_MS));
        if (lengthMs >= 2 * DAY_MS)
            return this.#format('days', Math.floor(lengthMs / DAY_MS));
        const minutes = Math.floor(lengthMs / MINUTE_MS);
        if (minutes < 60)
            return this.#format('minutes', minutes);
        const hours = this.#format('hours', Math.floor(minutes / 60));
        return minutes % 60 ? `${hours} ${this.#format('minutes', minutes % 60)}` : hours;
    }

    /**
     * A time of the day.
     *
     * @param {number} atMs
     */
    time(atMs) {
        return this.#format('time', atMs);
    }

    /**
     * Whether two instants are of one day.
     *
     * @param {number} oneMs
     * @param {number} otherMs
     */
    isSameDay(oneMs, otherMs) {
        return new Date(oneMs).toDateString() === new Date(otherMs).toDateString();
    }

    /**
     * A date.
     *
     * @param {number} atMs
     */
    date(atMs) {
        return this.#format('date', atMs);
    }

    /**
     * A local day, with its weekday.
     *
     * @param {string} isoDate `2026-11-21`
     */
    day(isoDate) {
        const [year, month, day] = isoDate.split('-').map(Number);
        return this.#format('day', new Date(year, month - 1, day));
    }
}

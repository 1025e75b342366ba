// SPDX-License-Identifier: MIT
// Figures and names as text, as `opencode-stats statusline` writes them. `number(value, places)` writes a number as the
// user's locale does, its digits set apart.

const UNITS = ['', 'K', 'M', 'B', 'T'];
const SIGNIFICANT = 3;
const LEAST_COST = 0.0001;
const ALMOST_ONE = 0.99995;
const LONGEST_NAME = 40;
/** Controls, what turns the writing direction or has no width, line ends, the private, halves of characters. */
const INVISIBLE = new RegExp('[\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f'
    + '\\ue000-\\uf8ff\\ufeff\\ufff9-\\ufffb\\ud800-\\udfff]', 'gu');
const MARK = '[\\u0300-\\u036f\\u0483-\\u0489\\u1ab0-\\u1aff\\u1dc0-\\u1dff\\u20d0-\\u20ff\\ufe20-\\ufe2f]';
/** More than two accents on one letter paint over the lines around it. */
const HEAPED_MARKS = new RegExp(`(${MARK}{2})${MARK}+`, 'gu');

/** A count in three digits: `999`, `1.23K`, `45.6M`, `789B`. */
export function compact(tokens, number) {
    let unit = 0;
    let least = 1;
    for (;;) {
        const places = unit === 0 ? 0 : Math.max(0, SIGNIFICANT - String(Math.floor(tokens / least)).length);
        const scale = Math.pow(10, places);
        const rounded = Math.round(tokens / (least / scale)) / scale;
        if (rounded < 1000 || unit === UNITS.length - 1)
            return number(rounded, (String(rounded).split('.')[1] || '').length) + UNITS[unit];
        unit += 1;
        least *= 1000;
    }
}

/** An amount in the user's currency: dollars have their sign, others their letters behind. */
export function money(usd, currency, number) {
    const shown = amount(usd * currency.perUsd, number);
    return currency.code === 'USD' ? shown.replace(/^(<?)/, '$1$$') : `${shown} ${currency.code}`;
}

/** To the cent; to four places below one, where an agent's steps cost less than a cent. */
function amount(value, number) {
    if (value === 0 || value >= ALMOST_ONE)
        return number(value, 2);
    return value < LEAST_COST ? `<${number(LEAST_COST, 4)}` : number(value, 4);
}

/**
 * What a section or a model cost: as OpenCode recorded it; where it did not, its worth at list prices in brackets, or
 * that no price is known. A `+` says that there is such usage besides (docs/cost.md).
 */
export function cost(spent, currency, number) {
    if (spent.costUsd > 0)
        return money(spent.costUsd, currency, number) + (spent.listUsd > 0 || spent.isUnpriced ? '+' : '');
    if (spent.listUsd > 0)
        return `[${money(spent.listUsd, currency, number)}]${spent.isUnpriced ? '+' : ''}`;
    return spent.isUnpriced ? 'unpriced' : money(0, currency, number);
}

/** A name from outside, safe to show: what is not to be seen becomes its code, a long name loses its middle. */
export function shownName(name, longest = LONGEST_NAME) {
    // Its ends are all that can be shown; the rest may be a megabyte.
    const whole = name.length > 8 * longest ? name.slice(0, 4 * longest) + name.slice(-4 * longest) : name;
    const shown = whole
        .replace(INVISIBLE, char => `\\u${char.codePointAt(0).toString(16).padStart(4, '0')}`)
        .replace(HEAPED_MARKS, '$1');
    const letters = Array.from(shown);
    if (letters.length <= longest)
        return shown;
    const tail = Math.floor((longest - 1) / 2);
    return `${letters.slice(0, longest - 1 - tail).join('')}…${letters.slice(-tail).join('')}`;
}

/** A folder's last part, by which people call their projects; the home folder is `~`. */
export function folderName(directory, home) {
    const parts = directory.split('/').filter(part => part);
    return directory === home ? '~' : shownName(parts.length > 0 ? parts[parts.length - 1] : directory);
}

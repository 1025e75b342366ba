// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check
// What deserves attention is decided by the exporter and published as items with ids that stay the same; here is
// decided only which of them this user wants to be told of, once each.

import {shownName} from './names.js';
import {fill} from './words.js';

/** @typedef {import('./document.js').Item} Item */
/** @typedef {import('./menu.js').Speech} Speech */

const MOST_REMEMBERED = 1000;

export const NOTIFIED_KINDS = ['finished', 'error', 'permission', 'question', 'inactive', 'limit'];

/** Which items have been dealt with, whether they were shown or not. */
export class Memory {
    #sinceMs;
    /** @type {Set<string>} */
    #ids = new Set();

    /** @param {number} sinceMs what happened before is no news */
    constructor(sinceMs) {
        this.#sinceMs = sinceMs;
    }

    /**
     * A clock that was set back, as many are some seconds after the start of a machine, leaves no news unheard.
     *
     * @param {number} nowMs
     */
    noteTime(nowMs) {
        this.#sinceMs = Math.min(this.#sinceMs, nowMs);
    }

    /** @param {Item} item */
    isNews(item) {
        return item.atMs >= this.#sinceMs && !this.#ids.has(item.id);
    }

    /** @param {Item} item */
    add({id}) {
        this.#ids.add(id);
        if (this.#ids.size > MOST_REMEMBERED)
            this.#ids.delete(this.#ids.values().next().value ?? '');
    }
}

/**
 * What an item is about, of which one notification is shown at a time: a run, or a limit.
 *
 * @param {Item} item
 */
export function subjectOf({kind, runId, limit}) {
    return kind === 'limit' ? `limit ${limit}` : runId;
}

/**
 * The items to show now, at most one for each run and each limit: the newest that is news. All that is news is remembered, so what a
 * switch, the length of its turn or the focus kept from being shown does not come later.
 *
 * @param {Item[]} items newest first
 * @param {Memory} memory
 * @param {{kinds: Set<string>, minimumTurnMs: number}} rules the user's
 * @param {(item: Item) => boolean} isLookedAt whether its terminal has the focus, and the user wants no word then
 * @returns {Item[]}
 */
export function itemsToShow(items, memory, rules, isLookedAt) {
    /** @type {Map<string, Item>} */
    const bySubject = new Map();
    for (const item of items) {
        if (!memory.isNews(item))
            continue;
        memory.add(item);
        const isWanted = rules.kinds.has(item.kind) && !isShortTurn(item, rules.minimumTurnMs) && !isLookedAt(item);
        if (isWanted && !bySubject.has(subjectOf(item)))
            bySubject.set(subjectOf(item), item);
    }
    return [...bySubject.values()];
}

/**
 * @param {Item} item
 * @param {number} minimumTurnMs
 */
function isShortTurn({kind, turnMs}, minimumTurnMs) {
    return kind === 'finished' && turnMs !== null && turnMs < minimumTurnMs;
}

/**
 * An item in words.
 *
 * @param {Item} item
 * @param {string} folder as it is shown
 * @param {string} turnLength as it is shown; '' where it is not known
 * @param {Pick<Speech, 'numbers' | 'words'>} speech
 * @returns {{title: string, body: string}}
 */
export function itemInWords(item, folder, turnLength, {numbers, words: {gettext: _}}) {
    /** @type {Record<string, string>} */
    const titles = {
        finished: _('OpenCode has finished'),
        error: _('OpenCode stopped with an error'),
        permission: _('OpenCode asks for permission'),
        question: _('OpenCode has a question'),
        inactive: _('OpenCode has not done anything for a while'),
        limit: _('A limit is nearly reached'),
    };
    if (item.kind === 'limit') {
        const title = item.percent === null
            ? titles.limit ?? ''
            : fill(_('{percent} of a limit is used'), {percent: numbers.share(item.percent / 100)});
        return {title, body: shownName(item.limit)};
    }
    const worked = item.kind === 'finished' && turnLength !== '';
    return {
        title: titles[item.kind] ?? '',
        // Translators: where OpenCode worked, and how long: "~/work/shop, after 3 min"
        body: worked ? fill(_('{folder}, after {length}'), {folder, length: turnLength}) : folder,
    };
}

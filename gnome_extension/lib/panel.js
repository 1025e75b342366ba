// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check
// What the panel shows, from what was read.

import {fill} from './words.js';

/** @typedef {import('./document.js').Document} Document */
/** @typedef {import('./words.js').Words} Words */
/** @typedef {import('./numbers.js').Numbers} Numbers */
/** @typedef {{figure: 'session' | 'today' | 'total', content: 'tokens' | 'cost' | 'both'}} PanelChoice */
/** @typedef {{text: string, icon: 'normal' | 'attention' | 'idle', spoken: string}} PanelView */

/**
 * Whether any OpenCode runs.
 *
 * @param {Document | null} document
 */
export function isAnyLive(document) {
    return document !== null && (document.session.live || document.runs.length > 0);
}

/**
 * Whether any OpenCode is at work.
 *
 * @param {Document | null} document
 */
export function isAnyWorking(document) {
    return document !== null && [document.session, ...document.runs].some(run => run.live && run.state === 'working');
}

/**
 * Whether any OpenCode can't go on without the user.
 *
 * @param {Document | null} document
 */
export function isAnyWaiting(document) {
    return document !== null && [document.session, ...document.runs].some(run => run.live && run.state === 'waiting');
}

/**
 * @param {Document | null} document null where there are no figures
 * @param {PanelChoice} choice
 * @param {Numbers} numbers
 * @param {Words} words
 * @returns {PanelView}
 */
export function panelView(document, choice, numbers, {gettext: _}) {
    if (document === null)
        return {text: '', icon: 'idle', spoken: _('OpenCode: no figures')};
    const {tokens, costUsd} = sectionOf(document, choice.figure);
    // A zero here would say that it was for nothing; OpenCode only knows no price, or another pays (docs/cost.md).
    const unrecorded = tokens > 0 && !(costUsd > 0);
    const cost = unrecorded ? '–' : numbers.roundCost(costUsd);
    const texts = {tokens: numbers.tokens(tokens), cost, both: `${numbers.tokens(tokens)} · ${cost}`};
    const figure = {
        tokens: numbers.exactTokens(tokens),
        cost: unrecorded ? _('no recorded cost') : numbers.cost(costUsd),
    };
    const sentences = {
        session: _('OpenCode, this session: {tokens} tokens, {cost}.'),
        today: _('OpenCode, today: {tokens} tokens, {cost}.'),
        total: _('OpenCode, in total: {tokens} tokens, {cost}.'),
    };
    const state = isAnyWaiting(document)
        ? _('It waits for your answer.')
        : isAnyLive(document) ? _('It is running.') : _('It is not running.');
    return {
        text: texts[choice.content],
        icon: isAnyWaiting(document) ? 'attention' : isAnyLive(document) ? 'normal' : 'idle',
        spoken: `${fill(sentences[choice.figure], figure)} ${state}`,
    };
}

/**
 * @param {Document} document
 * @param {PanelChoice['figure']} figure
 */
function sectionOf(document, figure) {
    return {session: document.session, today: document.daily, total: document.total}[figure];
}

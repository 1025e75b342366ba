// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check
// What the menu shows, from what was read. Everything is text, a number between 0 and 1, or a name of ours.

import {KINDS} from './document.js';
import {largestModels} from './models.js';
import {folderName, shownFolder, shownName} from './names.js';
import {fill} from './words.js';

/** @typedef {import('./document.js').Document} Document */
/** @typedef {import('./document.js').Section} Section */
/** @typedef {import('./document.js').Kind} Kind */
/** @typedef {import('./document.js').Run} Run */
/** @typedef {import('./document.js').Limit} Limit */
/** @typedef {import('./words.js').Words} Words */
/**
 * @typedef {object} Speech how figures, instants and sentences are said
 * @property {import('./numbers.js').Numbers} numbers
 * @property {import('./instants.js').Instants} instants
 * @property {Words} words
 * @property {boolean} showCost
 * @property {string} home the user's home folder
 */
/** @typedef {'session' | 'today' | 'total'} SectionName */
/** @typedef {{title: string, detail: string, tokens: string, cost: string, spoken: string}} SectionRow */
/** @typedef {{id: Kind, title: string, tokens: string}} KindRow */
/** @typedef {{name: string, tokens: string, cost: string, share: number, kinds: number[], spoken: string}} ModelRow */
/** @typedef {{models: ModelRow[], kinds: KindRow[], more: string}} SectionDetails */
/** @typedef {{runId: string, title: string, state: string, icon: 'working' | 'waiting' | 'idle', pids: number[], spoken: string}} RunRow */
/** @typedef {{name: string, percent: string, share: number, level: Limit['level'], detail: string, spoken: string}} LimitRow */

const MOST_MODELS = 12;
const MOST_RUNS = 5;

/**
 * The three sections as rows.
 *
 * @param {Document} document
 * @param {number} nowMs
 * @param {Speech} speech
 * @returns {Record<SectionName, SectionRow>}
 */
export function sectionRows({session, daily, total}, nowMs, speech) {
    const {instants, words: {gettext: _}} = speech;
    // Translators: after "Session", where OpenCode was started today: "since 14:30"
    const sinceTime = _('since {time}');
    // Translators: after "Total", and after "Session" on a later day: "since Oct 22, 2026"
    const sinceDate = _('since {date}');
    /** @param {number} atMs */
    const dated = atMs => fill(sinceDate, {date: instants.date(atMs)});
    /** @param {number} atMs */
    const timed = atMs => instants.isSameDay(atMs, nowMs) ? fill(sinceTime, {time: instants.time(atMs)}) : dated(atMs);
    return {
        session: sectionRow(_('Session'), session.startMs ? timed(session.startMs) : '', session, speech),
        today: sectionRow(_('Today'), '', daily, speech),
        total: sectionRow(_('Total'), total.installMs ? dated(total.installMs) : '', total, speech),
    };
}

/**
 * @param {string} title
 * @param {string} detail
 * @param {Section} section
 * @param {Speech} speech
 * @returns {SectionRow}
 */
function sectionRow(title, detail, {tokens, costUsd}, speech) {
    const {numbers, words: {gettext: _}} = speech;
    const cost = shownCost(costUsd, speech);
    const spoken = [title, fill(_('{count} tokens'), {count: numbers.exactTokens(tokens)}), cost].filter(part => part).join(', ');
    return {title, detail, tokens: numbers.tokens(tokens), cost, spoken};
}

/**
 * What a section opens to.
 *
 * @param {Section} section
 * @param {Speech} speech
 * @returns {SectionDetails}
 */
export function sectionDetails(section, speech) {
    const {numbers, words: {ngettext}} = speech;
    const {models, hidden} = largestModels(section, MOST_MODELS);
    const largest = models[0]?.tokens ?? 0;
    return {
        models: models.map(model => modelRow(model, section.tokens, largest, speech)),
        kinds: kindRows(section, speech),
        more: hidden > 0
            ? fill(ngettext('and {count} more model', 'and {count} more models', hidden), {count: numbers.exactTokens(hidden)})
            : '',
    };
}

/**
 * @param {import('./document.js').Model} model
 * @param {number} whole tokens of the section
 * @param {number} largest tokens of its largest model, whose bar is the longest
 * @param {Speech} speech
 * @returns {ModelRow}
 */
function modelRow({name, tokens, costUsd, kinds}, whole, largest, speech) {
    const {numbers, words: {gettext: _}} = speech;
    const shown = shownName(name) || '?';
    const share = whole > 0 ? Math.min(1, tokens / whole) : 0;
    const cost = shownCost(costUsd, speech);
    // Translators: one model's part of all tokens, for screen readers
    const part = fill(_('{count} tokens, {share}'), {count: numbers.exactTokens(tokens), share: numbers.share(share)});
    const split = KINDS.map(kind => kinds[kind]);
    const known = split.reduce((sum, count) => sum + count, 0);
    return {
        name: shown,
        tokens: numbers.tokens(tokens),
        cost,
        share: largest > 0 ? tokens / largest : 0,
        // A writer that knows no kinds leaves one plain bar.
        kinds: known > 0 ? split.map(count => count / known) : [1],
        spoken: [shown, part, cost].filter(text => text).join(', '),
    };
}

/**
 * @param {Section} section
 * @param {Speech} speech
 * @returns {KindRow[]} none where the writer knows no kinds
 */
function kindRows({kinds}, {numbers, words: {gettext: _}}) {
    /** @type {Record<Kind, string>} */
    const titles = {
        input: _('Input'),
        output: _('Output'),
        reasoning: _('Reasoning'),
        cacheRead: _('Cache read'),
        cacheWrite: _('Cache write'),
    };
    if (KINDS.every(kind => kinds[kind] === 0))
        return [];
    return KINDS.map(id => ({id, title: titles[id], tokens: numbers.tokens(kinds[id])}));
}

/**
 * The live runs, as rows.
 *
 * @param {Document} document
 * @param {number} nowMs
 * @param {Speech} speech
 * @returns {RunRow[]}
 */
export function runRows({session, runs}, nowMs, speech) {
    const listed = runs.length > 0 || !session.live ? runs : [session]; // a writer of the bare format lists no runs
    const live = listed.filter(run => run.state !== 'ended');
    if (live.length <= MOST_RUNS)
        return live.map(run => runRow(run, nowMs, speech));
    const waitingFirst = [...live].sort((one, other) => Number(other.state === 'waiting') - Number(one.state === 'waiting'));
    const shown = waitingFirst.slice(0, MOST_RUNS - 1);
    return [...shown.map(run => runRow(run, nowMs, speech)), moreRow(live.length - shown.length, speech)];
}

/**
 * @param {Run} run
 * @param {number} nowMs
 * @param {Speech} speech
 * @returns {RunRow}
 */
function runRow(run, nowMs, {instants, numbers, home, words}) {
    const {gettext: _, ngettext} = words;
    const others = run.folders.length - 1;
    const folder = run.folders.length > 0 ? folderName(run.folders[0], home) : _('OpenCode');
    // Translators: a project's folder, and how many more that OpenCode works in
    const several = () => ngettext('{folder} and {count} more', '{folder} and {count} more', others);
    // Only where there are more: of fewer than none GLib's ngettext makes an error.
    const title = others > 0 ? fill(several(), {folder, count: numbers.exactTokens(others)}) : folder;
    const idleMs = run.idleSinceMs === null ? 0 : nowMs - run.idleSinceMs;
    const states = {
        working: _('Working'),
        waiting: _('Waits for you'),
        idle: idleMs >= 60_000 ? fill(_('Idle for {length}'), {length: instants.length(idleMs)}) : _('Idle'),
        ended: '',
        none: '',
    };
    const icon = run.state === 'working' || run.state === 'waiting' ? run.state : 'idle';
    return {runId: run.runId, title, state: states[run.state], icon, pids: run.pids, spoken: `${title}, ${states[run.state]}`};
}

/**
 * The runs for which there is no room.
 *
 * @param {number} count
 * @param {Speech} speech
 * @returns {RunRow}
 */
function moreRow(count, {numbers, words: {ngettext}}) {
    const title = fill(ngettext('and {count} more', 'and {count} more', count), {count: numbers.exactTokens(count)});
    return {runId: '', title, state: '', icon: 'idle', pids: [], spoken: title};
}

/**
 * The limits, as rows.
 *
 * @param {Document} document
 * @param {number} nowMs
 * @param {Speech} speech
 * @returns {LimitRow[]}
 */
export function limitRows({limits}, nowMs, {numbers, instants, words: {gettext: _}}) {
    return limits.map(({name, percent, level, resetsAtMs, unit, used, limit}) => {
        /** @param {number} amount */
        const shown = amount => unit === 'usd' ? numbers.roundCost(amount) : numbers.tokens(amount);
        // Translators: how much of a limit is used: "2.62M of 3M"
        const amount = unit !== null && limit > 0 ? fill(_('{used} of {limit}'), {used: shown(used), limit: shown(limit)}) : '';
        const reset = resetsAtMs !== null && resetsAtMs > nowMs
            ? fill(_('resets in {length}'), {length: instants.length(resetsAtMs - nowMs)})
            : '';
        const shownPercent = percent === null ? _('unknown') : numbers.share(percent / 100);
        return {
            name: shownName(name) || '?',
            percent: shownPercent,
            share: Math.min(1, (percent ?? 0) / 100),
            level,
            detail: amount || reset, // there is no room for both
            spoken: [shownName(name), shownPercent, amount, reset].filter(part => part).join(', '),
        };
    });
}

/**
 * When the figures last changed.
 *
 * @param {Document} document
 * @param {number} nowMs
 * @param {Speech} speech
 */
export function lastChange({generatedAtMs}, nowMs, {instants, words: {gettext: _}}) {
    // Translators: {when} is "now", "5 minutes ago", "yesterday"
    return generatedAtMs ? fill(_('Last change: {when}'), {when: instants.ago(generatedAtMs, nowMs)}) : '';
}

/**
 * Where OpenCode works, for a tooltip or a notification.
 *
 * @param {string} folder
 * @param {Speech} speech
 */
export function whereItWorks(folder, {home, words: {gettext: _}}) {
    return folder ? shownFolder(folder, home) : _('In a folder that is not known');
}

/**
 * A cost that OpenCode recorded; nothing where it knows no price, or the user wants to see none.
 *
 * @param {number} usd
 * @param {Speech} speech
 */
function shownCost(usd, {numbers, showCost}) {
    return showCost && usd > 0 ? numbers.cost(usd) : '';
}


// SPDX-License-Identifier: MIT
// What the panel and its popup show, from what was read. Everything is text, a number from 0 to 1, or a word of ours.
//
// A reading is `{document, trouble, isOld}`: what readDocument() gives, or 'missing' or 'unreadable' for trouble; `isOld`
// says that nobody keeps the figures, though there was a need to. Speech is `{number, moment, home}`: `moment(ms)`
// writes an instant as a time, or as a date where it is of another day.

import {compact, cost, folderName, shownName} from './words.mjs';

export const NOTHING_READ = {document: null, trouble: 'missing', isOld: false};
const MOST_MODELS = 8;
const MOST_LISTED_RUNS = 5;
const LONGEST_PROBLEM = 200;
const TITLES = {session: 'Session', today: 'Today', total: 'Total'};
const SECTIONS = Object.keys(TITLES);
const STATES = {working: 'Working', waiting: 'Waits for you', idle: 'Idle', none: ''};

const RECOVERS = 'Fresh figures come by themselves with its next good version.';
const TROUBLES = {
    'missing': {title: 'No figures yet', sentence: 'Run “opencode-stats setup” in a terminal if you have not; they then appear here.'},
    'unreadable': {title: 'stats.json can’t be read', sentence: 'Look at the permissions of the file and of its folder.'},
    'too-large': {title: 'stats.json is too large', sentence: RECOVERS},
    'empty': {title: 'stats.json is empty', sentence: RECOVERS},
    'broken': {title: 'stats.json is damaged', sentence: RECOVERS},
    'foreign': {title: 'stats.json is not from opencode-stats', sentence: RECOVERS},
    'newer': {title: 'opencode-stats is newer than this widget', sentence: 'Install the widget that came with it.'},
};

/** Whether the figures need somebody to keep them: an OpenCode runs, or the day that they show is over. */
export function areKept(document, nowMs) {
    return document.runs.length > 0 || (document.dayEndsMs > 0 && nowMs >= document.dayEndsMs);
}

/**
 * The panel: `{text, tone, spoken}`. `tone` is 'waiting' where an OpenCode can't go on without the user, 'live' where one
 * runs, else 'resting'. `figure` is 'session', 'today', 'total' or 'all', `content` 'tokens', 'cost' or 'both'; what the
 * settings have besides is taken for the last of these.
 */
export function panelView(reading, figure, content, speech) {
    const document = reading.document;
    if (document === null)
        return {text: '', tone: 'resting', spoken: noticeOf(reading).title};
    const old = reading.isOld ? '?' : '';
    const names = SECTIONS.includes(figure) ? [figure] : SECTIONS;
    const text = names.map(name => sectionRow(document, name, speech))
        .map(row => ({tokens: row.tokens, cost: row.cost})[content] || `${row.tokens} ${row.cost}`).join(' / ');
    const tone = toneOf(document);
    const state = {waiting: 'OpenCode waits for you.', live: 'OpenCode is running.', resting: 'OpenCode is not running.'}[tone];
    const spoken = SECTIONS.map(name => sectionRow(document, name, speech))
        .map(row => `${row.title}: ${row.exactTokens} tokens, ${row.cost}`);
    return {text: text + old, tone, spoken: [state].concat(spoken).join('\n')};
}

function toneOf(document) {
    if (document.runs.some(run => run.state === 'waiting'))
        return 'waiting';
    return document.runs.length > 0 ? 'live' : 'resting';
}

function sectionRow(document, name, speech) {
    const section = document[name];
    const sinceMs = section.startMs || section.installMs || 0;
    return {
        title: TITLES[name],
        detail: sinceMs > 0 ? `since ${speech.moment(sinceMs)}` : '',
        tokens: compact(section.tokens, speech.number),
        exactTokens: speech.number(section.tokens, 0),
        cost: cost(section, document.currency, speech.number),
    };
}

/** The popup: `{notice, sections, models, moreModels, runs, moreRuns, changed}`; of no document only the notice. */
export function popupView(reading, speech) {
    const notice = noticeOf(reading);
    const document = reading.document;
    if (document === null)
        return {notice, sections: [], models: [], moreModels: '', runs: [], moreRuns: '', changed: ''};
    const most = document.models.length > 0 ? document.models[0].tokens : 0;
    return {
        notice,
        sections: SECTIONS.map(name => sectionRow(document, name, speech)),
        models: document.models.slice(0, MOST_MODELS).map(model => ({
            name: shownName(model.name) || '?',
            tokens: compact(model.tokens, speech.number),
            cost: cost(model, document.currency, speech.number),
            share: most > 0 ? model.tokens / most : 0,
        })),
        moreModels: moreOf(document.models.length - MOST_MODELS, 'more model', speech),
        runs: waitingFirst(document.runs).slice(0, MOST_LISTED_RUNS).map(run => runRow(run, speech)),
        moreRuns: moreOf(document.runs.length - MOST_LISTED_RUNS, 'more run', speech),
        changed: document.generatedAtMs > 0 ? `Last change: ${speech.moment(document.generatedAtMs)}` : '',
    };
}

function moreOf(hidden, thing, speech) {
    return hidden > 0 ? `and ${speech.number(hidden, 0)} ${thing}${hidden === 1 ? '' : 's'}` : '';
}

function waitingFirst(runs) {
    return runs.filter(run => run.state === 'waiting').concat(runs.filter(run => run.state !== 'waiting'));
}

function runRow(run, speech) {
    const others = run.folders.length - 1;
    const folder = run.folders.length > 0 ? folderName(run.folders[0], speech.home) : 'OpenCode';
    const isIdle = run.state === 'idle' && run.idleSinceMs > 0;
    return {
        title: others > 0 ? `${folder} and ${speech.number(others, 0)} more` : folder,
        state: isIdle ? `Idle since ${speech.moment(run.idleSinceMs)}` : STATES[run.state] || '',
        tokens: compact(run.tokens, speech.number),
        isWaiting: run.state === 'waiting',
    };
}

/** What is not as it should be, in one plain sentence; null where all is well. */
function noticeOf(reading) {
    if (reading.trouble !== null)
        return TROUBLES[reading.trouble];
    if (reading.isOld) {
        return {
            title: 'The exporter does not run',
            sentence: 'These are the figures that it published last. “opencode-stats doctor” says what mends that.',
        };
    }
    if (reading.document.problems.length === 0)
        return null;
    const sentence = reading.document.problems.map(problem => shownName(problem, LONGEST_PROBLEM)).join('\n');
    return {title: 'The figures may be incomplete', sentence};
}

// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import test from 'node:test';

import {readDocument, troubled} from '../package/contents/code/document.mjs';
import {areKept, NOTHING_READ, panelView, popupView} from '../package/contents/code/view.mjs';
import {english} from './speech.mjs';

const raw = JSON.parse(readFileSync(new URL('../../tests/fixtures/golden/stats.json', import.meta.url), 'utf8'));
const run = {...raw.sessions[0], state: 'working'};

/** A reading of the golden file with some parts changed. */
function reading(changes = {}, isOld = false) {
    const {document, trouble} = readDocument(JSON.stringify({...raw, ...changes}));
    return {document, trouble, isOld};
}
const priced = (totalTokens, totalCost) => ({totalTokens, totalCost, listValue: 0, unpriced: {}});
const figures = {session: priced(111, 0.5), daily: priced(2222, 1.5), total: priced(3_333_333, 20)};
const text = (figure, content, isOld = false) => panelView(reading(figures, isOld), figure, content, english).text;

test('the panel shows the figures that the user chose', () => {
    assert.deepEqual(['session', 'today', 'total', 'all'].map(figure => text(figure, 'tokens')), ['111', '2.22K', '3.33M', '111 / 2.22K / 3.33M']);
    assert.equal(text('elsewhere', 'strange'), '111 $0.5000 / 2.22K $1.50 / 3.33M $20.00');
    assert.deepEqual(['tokens', 'cost', 'both'].map(content => text('today', content)), ['2.22K', '$1.50', '2.22K $1.50']);
});

test('figures that nobody keeps are marked', () => {
    assert.equal(text('today', 'both', true), '2.22K $1.50?');
    assert.equal(popupView(reading({}, true), english).notice.title, 'The exporter does not run');
});

test('the tone is that of the run that needs the user most', () => {
    const tone = states => panelView(reading({sessions: states.map(state => ({...run, state}))}), 'today', 'both', english).tone;
    assert.deepEqual([tone([]), tone(['idle']), tone(['working']), tone(['working', 'waiting'])], ['resting', 'live', 'live', 'waiting']);
});

test('a screen reader is told the state and every figure to the token', () => {
    const {spoken} = panelView(reading({...figures, sessions: []}), 'today', 'both', english);
    assert.equal(spoken, 'OpenCode is not running.\nSession: 111 tokens, $0.5000\nToday: 2,222 tokens, $1.50\nTotal: 3,333,333 tokens, $20.00');
});

test('each trouble is one plain sentence, in the panel’s tooltip and in the popup', () => {
    const troubles = ['missing', 'unreadable', 'too-large', 'empty', 'broken', 'foreign', 'newer'];
    const titles = troubles.map(trouble => {
        const nothing = {...troubled(trouble), isOld: false};
        const {notice, sections} = popupView(nothing, english);
        assert.deepEqual(sections, []);
        assert.ok(notice.sentence.endsWith('.'), notice.sentence);
        assert.deepEqual(panelView(nothing, 'today', 'both', english), {text: '', tone: 'resting', spoken: notice.title});
        return notice.title;
    });
    assert.equal(new Set(titles).size, troubles.length);
    assert.equal(popupView(NOTHING_READ, english).notice.title, titles[0]);
});

test('figures of before stay beside the trouble', () => {
    const damaged = {...reading(figures), trouble: 'broken'};
    assert.equal(panelView(damaged, 'today', 'tokens', english).text, '2.22K');
    const {notice, sections} = popupView(damaged, english);
    assert.deepEqual([notice.title, sections.length], ['stats.json is damaged', 3]);
});

test('a health that is degraded says why', () => {
    const problems = [{code: 'x', message: '3 lines came into quarantine.\u202e'}, {code: 'y'}, 7];
    const {notice} = popupView(reading({exporter: {health: {status: 'degraded', problems}}}), english);
    assert.equal(notice.sentence, '3 lines came into quarantine.\\u202e');
});

test('who waits comes first, and the rest is counted', () => {
    const states = ['working', 'idle', 'idle', 'idle', 'idle', 'waiting', 'idle'];
    const sessions = states.map((state, index) => ({...run, state, idleSince: 7, workspaces: [{directory: `/home/ada/w${index}`}, {directory: '/x'}]}));
    const {runs, moreRuns} = popupView(reading({sessions}), english);
    assert.deepEqual(runs.map(({title, state, isWaiting}) => [title, state, isWaiting]).slice(0, 3),
        [['w5 and 1 more', 'Waits for you', true], ['w0 and 1 more', 'Working', false], ['w1 and 1 more', 'Idle since at 7', false]]);
    assert.deepEqual([runs.length, moreRuns], [5, 'and 2 more runs']);
});

test('of many models the largest are listed, by tokens and not by the order of keys', () => {
    const tokensByModel = Object.fromEntries(Array.from({length: 9}, (_, index) => [String(index), (index + 1) * 1000]));
    const {models, moreModels} = popupView(reading({daily: {...figures.daily, tokensByModel}}), english);
    assert.deepEqual([models.length, models[0].name, models[0].share, models[1].share, moreModels], [8, '8', 1, 8 / 9, 'and 1 more model']);
});

test('the figures need a keeper while an OpenCode runs, and when their day is over', () => {
    const {document} = reading({sessions: []});
    assert.deepEqual([areKept(document, document.dayEndsMs - 1), areKept(document, document.dayEndsMs)], [false, true]);
    assert.equal(areKept(reading({sessions: [run]}).document, document.dayEndsMs - 1), true);
});

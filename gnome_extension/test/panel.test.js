// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check
import {panelView} from '../lib/panel.js';
import {equal, ok, test, words} from './harness.js';
import {raw, run, sample, section, speech} from './sample.js';

/** @typedef {import('../lib/panel.js').PanelChoice} PanelChoice */

/**
 * @param {import('../lib/document.js').Document | null} document
 * @param {Partial<PanelChoice>} [choice]
 */
function view(document, choice = {}) {
    return panelView(document, {figure: 'today', content: 'tokens', ...choice}, speech.numbers, words);
}

test('the panel shows the figure that the user chose', () => {
    const document = sample({
        session: {...raw.session, totalTokens: 111}, daily: {...raw.daily, totalTokens: 2222}, total: {...raw.total, totalTokens: 3_333_333},
    });
    const figures = /** @type {PanelChoice['figure'][]} */ (['session', 'today', 'total']);
    equal(figures.map(figure => view(document, {figure}).text), ['111', '2.22K', '3.33M']);
});

test('the panel shows tokens, cost or both', () => {
    const contents = /** @type {PanelChoice['content'][]} */ (['tokens', 'cost', 'both']);
    equal(contents.map(content => view(sample(), {content}).text), ['1K', '$1.50', '1K · $1.50']);
});

test('what has no recorded cost is not shown as for nothing', () => {
    const used = sample({daily: {...raw.daily, totalCost: 0}});
    const unused = sample({daily: {...raw.daily, totalCost: 0, totalTokens: 0}});
    const contents = /** @type {PanelChoice['content'][]} */ (['tokens', 'cost', 'both']);
    equal(contents.map(content => view(used, {content}).text), ['1K', '–', '1K · –']);
    equal(contents.map(content => view(unused, {content}).text), ['0', '$0.00', '0 · $0.00']);
    ok(view(used).spoken.includes('tokens, no recorded cost.'), view(used).spoken);
});

test('the icon says whether OpenCode runs, or waits', () => {
    const ended = {...run, state: 'ended', live: false};
    equal(view(sample()).icon, 'normal');
    equal(view(sample({session: ended, sessions: []})).icon, 'idle');
    equal(view(sample({session: ended, sessions: [run]})).icon, 'normal');
    equal(view(sample({sessions: [run, {...run, runId: 'r2', state: 'waiting'}]})).icon, 'attention');
    equal(view(sample({session: {...run, state: 'idle'}, sessions: []})).icon, 'normal');
});

test('a run that is over waits for nobody', () => {
    equal(view(sample({session: {...run, state: 'waiting', live: false}, sessions: []})).icon, 'idle');
});

test('without figures there is an icon and no text', () => {
    equal(view(null), {text: '', icon: 'idle', spoken: 'OpenCode: no figures'});
});

test('a screen reader is told the whole figure and the state', () => {
    const {spoken} = view(sample({daily: {...section, date: '2026-11-21', totalTokens: 1_234_567}, sessions: [{...run, state: 'waiting'}]}));
    ok(spoken.includes('1,234,567 tokens') && spoken.includes('today') && spoken.includes('waits for your answer'), spoken);
});

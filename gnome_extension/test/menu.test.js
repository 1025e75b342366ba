// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check
import {lastChange, limitRows, runRows, sectionDetails, sectionRows, whereItWorks} from '../lib/menu.js';
import {MINUTE_MS, NOW_MS, equal, ok, test} from './harness.js';
import {raw, run, sample, section, speech} from './sample.js';

test('the three sections have tokens, cost and since when', () => {
    const rows = sectionRows(sample(), NOW_MS, speech);
    equal(Object.values(rows).map(({title, tokens, cost}) => [title, tokens, cost]),
        [['Session', '1K', '$1.50'], ['Today', '1K', '$1.50'], ['Total', '1K', '$1.50']]);
    equal([rows.session.detail.replace(/\s/gu, ' '), rows.today.detail, rows.total.detail], ['since 01:30 PM', '', 'since Oct 22, 2026']);
    const longer = sectionRows(sample({session: {...run, startTime: NOW_MS - 86_400_000}}), NOW_MS, speech);
    equal(longer.session.detail, 'since Nov 20, 2026');
    equal(rows.today.spoken, 'Today, 1,000 tokens, $1.50');
});

test('before the first run nothing is said of a start', () => {
    const rows = sectionRows(sample({session: {...run, startTime: 0}, total: {...section, installDate: 0}}), NOW_MS, speech);
    equal([rows.session.detail, rows.total.detail], ['', '']);
});

test('a cost that is not known, or not wanted, is not shown', () => {
    equal(sectionRows(sample({daily: {...section, totalCost: 0}}), NOW_MS, speech).today.cost, '');
    equal(sectionRows(sample(), NOW_MS, {...speech, showCost: false}).today.cost, '');
});

test('a section opens to its models, largest first, and the longest bar is the largest model\'s', () => {
    const {models} = sectionDetails(sample().daily, speech);
    equal(models.map(({name, tokens, cost, share}) => [name, tokens, cost, share]),
        [['claude-sonnet-5', '750', '$1.50', 1], ['openrouter/qwen', '250', '', 1 / 3]]);
    equal(models[0].spoken, 'claude-sonnet-5, 750 tokens, 75%, $1.50');
});

test('a bar is split by the token kinds, where they are known', () => {
    const {models} = sectionDetails(sample().daily, speech);
    equal(models[0].kinds, [0.1, 0, 0, 0.9, 0]);
    equal(models[1].kinds, [1]);
});

test('a section opens to the five token kinds', () => {
    equal(sectionDetails(sample().daily, speech).kinds.map(({title, tokens}) => `${title} ${tokens}`),
        ['Input 100', 'Output 50', 'Reasoning 20', 'Cache read 800', 'Cache write 30']);
    equal(sectionDetails(sample({daily: {...section, tokens: null}}).daily, speech).kinds, []);
});

test('many models are cut, and how many is said', () => {
    const tokensByModel = Object.fromEntries(Array.from({length: 15}, (_, index) => [`m${index}`, 100 - index]));
    const details = sectionDetails(sample({daily: {...section, tokensByModel}}).daily, speech);
    equal([details.models.length, details.models[0].name, details.more], [12, 'm0', 'and 3 more models']);
});

test('a section without models opens to nothing', () => {
    const empty = {totalTokens: 0, tokensByModel: {}};
    equal(sectionDetails(sample({daily: empty}).daily, speech), {models: [], kinds: [], more: ''});
});

test('a model that is larger than its section breaks no bar', () => {
    const [model] = sectionDetails(sample({daily: {...section, totalTokens: 1}}).daily, speech).models;
    ok(model.share === 1 && model.spoken.includes('100%'), model.spoken);
});

test('each live run has its folder and its state', () => {
    const sessions = [
        run,
        {...run, runId: 'r2', state: 'waiting', workspaces: [{directory: '/srv/a'}, {directory: '/srv/b'}]},
        {...run, runId: 'r3', state: 'idle', idleSince: NOW_MS - 9 * MINUTE_MS, workspaces: []},
        {...run, runId: 'r4', state: 'idle', idleSince: NOW_MS - 1000},
    ];
    equal(runRows(sample({sessions}), NOW_MS, speech).map(({title, state, icon}) => [title, state, icon]), [
        ['shop', 'Working', 'working'],
        ['a and 1 more', 'Waits for you', 'waiting'],
        ['OpenCode', 'Idle for 9 min', 'idle'],
        ['shop', 'Idle', 'idle'],
    ]);
});

test('many runs are cut, but none that waits', () => {
    const sessions = Array.from({length: 9}, (_, index) => ({...run, runId: `r${index}`, state: index === 8 ? 'waiting' : 'working'}));
    const rows = runRows(sample({sessions}), NOW_MS, speech);
    equal(rows.map(({runId}) => runId), ['r8', 'r0', 'r1', 'r2', '']);
    equal([rows[4].title, rows[4].pids], ['and 5 more', []]);
    equal(runRows(sample({sessions: sessions.slice(0, 5)}), NOW_MS, speech).length, 5);
});

test('a run leads to its terminal', () => {
    equal(runRows(sample(), NOW_MS, speech)[0].pids, [4711, 812]);
});

test('where only the session is written, it is the one run', () => {
    equal(runRows(sample({sessions: []}), NOW_MS, speech).map(({runId}) => runId), ['r1']);
    equal(runRows(sample({sessions: [], session: {...run, live: false, state: 'ended'}}), NOW_MS, speech), []);
});

test('limits have a level and when they end', () => {
    equal(limitRows(sample(), NOW_MS, speech), [{
        name: 'Day', percent: '87%', share: 87.4 / 100, level: 'warning', detail: '2.62M of 3M', spoken: 'Day, 87%, 2.62M of 3M, resets in 1 hr',
    }]);
});

test('a limit in dollars is said in dollars, one without amounts by when it ends', () => {
    const limits = [{name: 'a', usedUsd: 5.25, limit: 20, percent: 26.25}, {name: 'b', percent: 10, resetsAtMs: NOW_MS + 60_000}];
    equal(limitRows(sample({limits}), NOW_MS, speech).map(({detail}) => detail), ['$5.25 of $20.00', 'resets in 1 min']);
});

test('a limit that is broken or not known fits its bar', () => {
    const limits = [{name: 'a', percent: 250, level: 'critical'}, {name: 'b', percent: null, level: 'odd', resetsAtMs: 5}];
    equal(limitRows(sample({limits}), NOW_MS, speech).map(({percent, share, level, detail}) => [percent, share, level, detail]),
        [['250%', 1, 'critical', ''], ['unknown', 0, 'unknown', '']]);
});

test('the last change is said relative to now', () => {
    equal(lastChange(sample(), NOW_MS, speech), 'Last change: 5 minutes ago');
    equal(lastChange(sample({exporter: {...raw.exporter, generatedAt: 0}}), NOW_MS, speech), '');
});

test('hostile names stay names', () => {
    const name = '<b>\u202ex</b>';
    const {models} = sectionDetails(sample({daily: {...section, tokensByModel: {[name]: 1, '': 1}}}).daily, speech);
    equal(models.map(model => model.name), ['<b>\\u202ex</b>', '?']);
    equal(whereItWorks('/home/ada/a\nb', speech), '~/a\\u000ab');
    equal(whereItWorks('', speech), 'In a folder that is not known');
});

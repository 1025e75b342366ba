// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check
import {readDigest, readDocument} from '../lib/document.js';
import {largestModels} from '../lib/models.js';
import {equal, ok, test} from './harness.js';
import {raw, sample} from './sample.js';

const NO_KINDS = {input: 0, output: 0, reasoning: 0, cacheRead: 0, cacheWrite: 0};

test('the documented fields alone are a document', () => {
    const {document, problem} = readDocument(JSON.stringify({
        session: {
            totalTokens: 1500, tokensByModel: {'gpt-4-turbo': 500, 'claude-3-opus': 1000},
            lastActivity: 1234567890000, startTime: 1234567800000,
        },
        daily: {totalTokens: 5000, tokensByModel: {}, date: '2024-01-15'},
        total: {totalTokens: 50000, tokensByModel: {}, installDate: 1234567890000},
    }));
    equal(problem, null);
    if (document === null)
        throw new Error('no document');
    equal([document.session.tokens, document.daily.tokens, document.total.tokens], [1500, 5000, 50000]);
    equal([document.session.startMs, document.total.installMs, document.daily.date], [1234567800000, 1234567890000, '2024-01-15']);
    equal(largestModels(document.session, 9).models, [
        {name: 'claude-3-opus', tokens: 1000, costUsd: 0, kinds: NO_KINDS},
        {name: 'gpt-4-turbo', tokens: 500, costUsd: 0, kinds: NO_KINDS},
    ]);
    equal([document.runs, document.items, document.hours, document.days, document.limits], [[], [], [], [], []]);
});

test('every field of ours is read', () => {
    const document = sample();
    equal([document.session.runId, document.session.live, document.session.state], ['r1', true, 'working']);
    equal([document.session.folders, document.session.pids], [['/home/ada/shop'], [4711, 812]]);
    equal(document.session.kinds, raw.session.tokens);
    equal(largestModels(document.daily, 1).models, [
        {name: 'claude-sonnet-5', tokens: 750, costUsd: 1.5, kinds: {...NO_KINDS, input: 75, cacheRead: 675}},
    ]);
    equal(document.items, [{
        id: 'a', kind: 'finished', runId: 'r1', folder: '/home/ada/shop', atMs: raw.attention[0].atMs, turnMs: 90_000, pids: [4711], limit: '',
        percent: null,
    }]);
    equal(document.days, [{date: '2026-11-20', tokens: 10, costUsd: 2}, {date: '2026-11-21', tokens: 20, costUsd: 0}]);
    equal(document.limits, [{
        name: 'Day', percent: 87.4, level: 'warning', resetsAtMs: raw.limits[0].resetsAtMs, unit: 'tokens', used: 2_622_000, limit: 3_000_000,
    }]);
    equal(document.currency, {code: 'USD', perUsd: 1});
    equal(document.generatedAtMs, raw.exporter.generatedAt);
});

test('the currency is taken as it is set, or not at all', () => {
    equal(sample({currency: {code: 'EUR', perUsd: 0.92}}).currency, {code: 'EUR', perUsd: 0.92});
    for (const strange of [{code: 'EUR'}, {code: 'EUR', perUsd: 0}, {code: 'euro', perUsd: 1}, {code: 7, perUsd: 1}, 'EUR', null])
        equal(sample({currency: strange}).currency, {code: 'USD', perUsd: 1});
});

test('what is no document is told apart', () => {
    const problems = ['', ' \n', '{', '{"session": {}', 'null', '[]', '7', '{}', '{"session": {}, "daily": [], "total": {}}', '{"schemaVersion": 2}']
        .map(text => readDocument(text).problem);
    equal(problems, ['empty', 'empty', 'broken', 'broken', 'foreign', 'foreign', 'foreign', 'foreign', 'foreign', 'newer']);
});

test('a health that is degraded says why', () => {
    const problems = [{code: 'x', message: '3 lines came into quarantine.'}, {code: 'y'}, 7];
    equal(sample({exporter: {health: {status: 'degraded', problems}}}).problems, ['3 lines came into quarantine.']);
});

test('fields of any other type do no harm', () => {
    const strange = [null, true, -5, Infinity, 'text', [], {}, [[]], [null, 7, {}], {input: 'x', a: -1, b: null}];
    const names = ['session', 'daily', 'total', 'sessions', 'attention', 'history', 'limits', 'currency', 'exporter'];
    for (const name of names) {
        for (const value of strange) {
            const {document} = readDocument(JSON.stringify({...raw, [name]: value}));
            if (document !== null)
                checkWhole(document);
        }
    }
    for (const field of Object.keys(raw.session)) {
        for (const value of strange)
            checkWhole(sample({session: {...raw.session, [field]: value}, sessions: [{...raw.session, [field]: value}]}));
    }
    for (const field of Object.keys(raw.attention[0])) {
        for (const value of strange)
            checkWhole(sample({attention: [{...raw.attention[0], [field]: value}]}));
    }
});

/** @param {import('../lib/document.js').Document} document */
function checkWhole(document) {
    for (const section of [document.session, document.daily, document.total, ...document.runs]) {
        for (const count of [section.tokens, section.costUsd, ...Object.values(section.kinds)])
            ok(Number.isFinite(count) && count >= 0, `not a count: ${count}`);
        for (const model of largestModels(section, 9).models)
            ok(Number.isFinite(model.tokens), 'not a count of a model');
    }
    for (const item of document.items)
        ok(typeof item.id === 'string' && item.id !== '' && Array.isArray(item.pids), 'not an item');
    ok(Array.isArray(document.days) && Array.isArray(document.hours), 'no history');
}

test('endless lists are cut', () => {
    const many = Array.from({length: 10_000}, (_, index) => ({...raw.attention[0], id: `i${index}`}));
    const document = sample({attention: many, sessions: Array(10_000).fill(raw.session)});
    equal([document.items.length, document.runs.length], [100, 50]);
});

test('of more days the last fourteen are kept', () => {
    const days = Array.from({length: 20}, (_, index) => ({date: `2026-11-${index + 1}`, totalTokens: index, totalCost: 0}));
    equal(sample({history: {days}}).days.map(day => day.tokens), [6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
});

test('of many models the largest are made, and how many more there are is said', () => {
    const tokensByModel = {small: 1, large: 3, middle: 2};
    const {models, hidden} = largestModels(sample({daily: {...raw.daily, tokensByModel}}).daily, 2);
    equal([models.map(({name}) => name), hidden], [['large', 'middle'], 1]);
});

const VERSION = {inode: '18446744073709551615', bytes: 4711, modifiedUs: 1_795_211_032_182_001};
/** @param {object} changes */
const digest = changes => JSON.stringify({of: VERSION, stats: raw, ...changes});

test('a digest of the file that is there is a document without models', () => {
    const document = readDigest(digest({}), VERSION);
    equal([document?.isWhole, document?.daily.tokens], [false, raw.daily.totalTokens]);
    equal(sample().isWhole, true);
});

for (const [name, content] of Object.entries({
    'an empty stamp': '',
    'a stamp of before': '1795211032182\n',
    'null': 'null',
    'a stamp of no file': digest({of: undefined}),
    'another file': digest({of: {...VERSION, inode: '18446744073709551614'}}),
    'another size': digest({of: {...VERSION, bytes: 4712}}),
    'another time': digest({of: {...VERSION, modifiedUs: VERSION.modifiedUs + 1}}),
    'no figures': digest({stats: {}}),
    'a newer format': digest({stats: {...raw, schemaVersion: 2}}),
})) {
    test(`no digest of this file: ${name}`, () => {
        equal(readDigest(content, VERSION), null);
    });
}

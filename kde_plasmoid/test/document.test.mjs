// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import test from 'node:test';

import {MOST_BYTES, readDocument} from '../package/contents/code/document.mjs';

const golden = readFileSync(new URL('../../tests/fixtures/golden/stats.json', import.meta.url), 'utf8');
const raw = JSON.parse(golden);

test('what the exporter writes is read to the token', () => {
    const {document, trouble} = readDocument(golden);
    assert.equal(trouble, null);
    const pairs = [[raw.session, document.session], [raw.daily, document.today], [raw.total, document.total]];
    raw.sessions.forEach((run, index) => pairs.push([run, document.runs[index]]));
    for (const [written, read] of pairs) {
        assert.deepEqual([read.tokens, read.costUsd, read.listUsd, read.isUnpriced],
            [written.totalTokens, written.totalCost, written.listValue, Object.keys(written.unpriced).length > 0]);
    }
    assert.deepEqual(document.models, Object.entries(raw.daily.models).map(([name, model]) => (
        {name, tokens: model.totalTokens, costUsd: model.cost, listUsd: model.listValue ?? 0, isUnpriced: model.listValue === null})));
    assert.deepEqual(document.runs.map(run => [run.state, run.idleSinceMs, run.folders]),
        raw.sessions.map(run => [run.state, run.idleSince ?? 0, run.workspaces.map(workspace => workspace.directory)]));
    assert.deepEqual([document.session.startMs, document.today.date, document.total.installMs], [raw.session.startTime, raw.daily.date, raw.total.installDate]);
    assert.deepEqual([document.generatedAtMs, document.currency], [raw.exporter.generatedAt, raw.currency]);
    assert.equal(document.dayEndsMs, raw.history.hours.at(-1).startMs + 3_600_000);
    assert.ok(document.models.length > 1 && document.runs.length > 0 && document.generatedAtMs > 0, 'there is nothing to compare');
});

test('what is no document is told apart', () => {
    const troubles = ['', ' \n', '{', '{"session": {}', 'null', '[]', '7', '{}', '{"session": {}, "daily": [], "total": {}}', '{"schemaVersion": 2}',
        ' '.repeat(MOST_BYTES + 1)].map(text => readDocument(text).trouble);
    assert.deepEqual(troubles, ['empty', 'empty', 'broken', 'broken', 'foreign', 'foreign', 'foreign', 'foreign', 'foreign', 'newer', 'too-large']);
});

test('fields of any other type do no harm', () => {
    const strange = [null, true, -5, 'text', [], {}, [[]], [null, 7, {}], {input: 'x', a: -1, b: null}];
    for (const value of strange) {
        for (const name of Object.keys(raw)) {
            const {document} = readDocument(JSON.stringify({...raw, [name]: value}));
            if (document !== null)
                checkWhole(document);
        }
        for (const field of Object.keys(raw.sessions[0])) {
            const run = {...raw.sessions[0], [field]: value};
            checkWhole(readDocument(JSON.stringify({...raw, session: run, daily: run, sessions: [run]})).document);
        }
    }
});

function checkWhole(document) {
    for (const section of [document.session, document.today, document.total, ...document.runs, ...document.models]) {
        for (const count of [section.tokens, section.costUsd, section.listUsd])
            assert.ok(Number.isFinite(count) && count >= 0, `not a count: ${count}`);
    }
    assert.ok(document.currency.perUsd > 0 && document.problems.every(problem => typeof problem === 'string'));
    assert.ok(document.runs.every(run => Array.isArray(run.folders) && typeof run.state === 'string'));
}

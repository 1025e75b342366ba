// SPDX-License-Identifier: GPL-2.0-or-later
import {readdirSync, readFileSync} from 'node:fs';
import test from 'node:test';

import './all.js';
import {readDocument} from '../lib/document.js';
import {largestModels} from '../lib/models.js';
import {limitRows} from '../lib/menu.js';
import {equal, ok, tests} from './harness.js';
import {speech} from './sample.js';

tests.forEach(({name, job}) => test(name, job));

test('no test file is left out', () => {
    const here = new URL('.', import.meta.url);
    const listed = readFileSync(new URL('all.js', here), 'utf8');
    for (const name of readdirSync(here).filter(file => file.endsWith('.test.js')))
        ok(listed.includes(`'./${name}'`), `all.js does not import ${name}`);
});

test('what the exporter writes is read to the token', () => {
    const golden = readFileSync(new URL('../../tests/fixtures/golden/stats.json', import.meta.url), 'utf8');
    const raw = JSON.parse(golden);
    const {document, problem} = readDocument(golden);
    equal(problem, null);
    const pairs = [[raw.session, document.session], [raw.daily, document.daily], [raw.total, document.total]];
    raw.sessions.forEach((run, index) => pairs.push([run, document.runs[index]]));
    for (const [written, read] of pairs) {
        equal([read.tokens, read.costUsd, read.kinds], [written.totalTokens, written.totalCost, written.tokens]);
        const {models} = largestModels(read, Infinity);
        equal(models.map(model => [model.name, model.tokens, model.costUsd, model.kinds]),
            Object.entries(written.models).map(([name, model]) => [name, model.totalTokens, model.cost, model.tokens]));
    }
    equal(document.runs.map(run => [run.runId, run.live, run.state, run.pids]), raw.sessions.map(run => [run.runId, run.live, run.state, run.pids]));
    equal(document.items.map(item => [item.id, item.kind, item.runId, item.atMs, item.turnMs, item.pids]),
        raw.attention.map(item => [item.id, item.kind, item.runId, item.atMs, item.turnMs, item.pids]));
    equal(document.hours.map(hour => [hour.startMs, hour.tokens]), raw.history.hours.map(hour => [hour.startMs, hour.totalTokens]));
    equal(document.days.map(day => [day.date, day.tokens]), raw.history.days.map(day => [day.date, day.totalTokens]));
    ok(document.hours.length >= 23 && document.days.length > 0, 'no history');
    equal(document.limits.map(limit => [limit.name, limit.used, limit.limit, limit.percent, limit.level, limit.resetsAtMs]),
        raw.limits.map(limit => [limit.name, limit.usedTokens ?? limit.usedUsd, limit.limit, limit.percent, limit.level, limit.resetsAtMs]));
    const rows = limitRows(document, raw.exporter.generatedAt, speech);
    equal(rows.map(({name, percent, level, detail}) => [name, percent, level, detail]), [
        ['5-hour', '78%', 'warning', '1.17K of 1.5K'],
        ['weekly', '35%', 'normal', '$1.75 of $5.00'],
        ['elsewhere', '0%', 'normal', '0 of 100'],
    ]);
});

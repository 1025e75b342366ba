// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check

import {Instants} from '../lib/instants.js';
import {readDocument} from '../lib/document.js';
import {Numbers, US_DOLLARS} from '../lib/numbers.js';
import {NOW_MS, words} from './harness.js';

/** A section as the exporter writes it. */
export const section = {
    totalTokens: 1000,
    tokensByModel: {'claude-sonnet-5': 750, 'openrouter/qwen': 250},
    totalCost: 1.5,
    costsByModel: {'claude-sonnet-5': 1.5, 'openrouter/qwen': 0},
    tokens: {input: 100, output: 50, reasoning: 20, cacheRead: 800, cacheWrite: 30},
    models: {'claude-sonnet-5': {tokens: {input: 75, output: 0, reasoning: 0, cacheRead: 675, cacheWrite: 0}}},
};

export const run = {
    ...section,
    runId: 'r1',
    pid: 4711,
    live: true,
    state: 'working',
    isIdle: false,
    idleSince: null,
    startTime: NOW_MS - 3_600_000,
    lastActivity: NOW_MS,
    workspaces: [{directory: '/home/ada/shop', totalTokens: 1000}],
    pids: [4711, 812],
};

/** The whole document as the exporter writes it. */
export const raw = {
    schemaVersion: 1,
    session: run,
    daily: {...section, date: '2026-11-21'},
    total: {...section, installDate: NOW_MS - 86_400_000 * 30},
    sessions: [run],
    attention: [{id: 'a', kind: 'finished', runId: 'r1', conversation: 'c', workspace: '/home/ada/shop', atMs: NOW_MS, turnMs: 90_000, pids: [4711]}],
    history: {
        hours: [{startMs: new Date(2026, 10, 21).getTime(), totalTokens: 5, totalCost: 0}],
        days: [{date: '2026-11-20', totalTokens: 10, totalCost: 2}, {date: '2026-11-21', totalTokens: 20, totalCost: 0}],
    },
    limits: [{name: 'Day', usedTokens: 2_622_000, limit: 3_000_000, percent: 87.4, level: 'warning', resetsAtMs: NOW_MS + 3_600_000}],
    exporter: {version: '1', pid: 1, generatedAt: NOW_MS - 300_000, health: {status: 'ok', problems: []}},
};

/**
 * The sample with some parts changed, as it is read.
 *
 * @param {Record<string, unknown>} [changes]
 */
export function sample(changes = {}) {
    const {document} = readDocument(JSON.stringify({...raw, ...changes}));
    if (document === null)
        throw new Error('the sample is not a document');
    return document;
}

/** @type {import('../lib/menu.js').Speech} */
export const speech = {
    numbers: new Numbers('en-US', 'compact', US_DOLLARS),
    instants: new Instants('en-US'),
    words,
    showCost: true,
    home: '/home/ada',
};

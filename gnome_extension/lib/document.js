// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check
// stats.json as the panel knows it. The file is input from outside: whatever it holds, what comes out of here is whole
// and of its type. The format: docs/stats-json.md.

import {US_DOLLARS} from './numbers.js';

export const SCHEMA_VERSION = 1;
const MOST_RUNS = 50;
const MOST_ITEMS = 100;
const MOST_PIDS = 64;
const MOST_LIMITS = 6;
const MOST_PROBLEMS = 2;
const MOST_HOURS = 25; // of the day on which summer time ends
const MOST_DAYS = 14;

/** @typedef {'input' | 'output' | 'reasoning' | 'cacheRead' | 'cacheWrite'} Kind */
/** @type {Kind[]} */
export const KINDS = ['input', 'output', 'reasoning', 'cacheRead', 'cacheWrite'];

/** @typedef {Record<Kind, number>} Kinds tokens of each kind */
/** @typedef {{name: string, tokens: number, costUsd: number, kinds: Kinds}} Model */
/** @typedef {{tokens: number, costUsd: number, kinds: Kinds, raw: Record<string, unknown>}} Section */
/** @typedef {'working' | 'waiting' | 'idle' | 'ended' | 'none'} RunState */
/**
 * @typedef {Section & {runId: string, live: boolean, state: RunState, startMs: number, lastActivityMs: number,
 *     idleSinceMs: number | null, folders: string[], pids: number[]}} Run
 */
/**
 * @typedef {{id: string, kind: string, runId: string, folder: string, atMs: number, turnMs: number | null,
 *     pids: number[], limit: string, percent: number | null}} Item
 */
/** @typedef {{tokens: number, costUsd: number, startMs: number}} Hour */
/** @typedef {{tokens: number, costUsd: number, date: string}} Day */
/** @typedef {'normal' | 'warning' | 'critical' | 'unknown'} Level */
/**
 * @typedef {{name: string, percent: number | null, level: Level, resetsAtMs: number | null, unit: 'tokens' | 'usd' | null,
 *     used: number, limit: number}} Limit
 */
/** @typedef {{inode: string, bytes: number, modifiedUs: number}} FileVersion what tells one stats.json from the next */
/**
 * `isWhole`: whether the sections know their models; a digest's don't.
 *
 * @typedef {{isWhole: boolean, session: Run, daily: Section & {date: string}, total: Section & {installMs: number}, runs: Run[],
 *     items: Item[], hours: Hour[], days: Day[], limits: Limit[], currency: import('./numbers.js').Currency, generatedAtMs: number,
 *     problems: string[]}} Document
 */
/** @typedef {'empty' | 'broken' | 'foreign' | 'newer'} Problem */

/**
 * @param {string} content of the file
 * @returns {{document: Document, problem: null} | {document: null, problem: Problem}}
 */
export function readDocument(content) {
    if (content.trim() === '')
        return {document: null, problem: 'empty'};
    let found;
    try {
        found = JSON.parse(content);
    } catch {
        return {document: null, problem: 'broken'}; // SyntaxError: no JSON
    }
    return checked(record(found), true);
}

/**
 * What the exporter's stamp says of stats.json.
 *
 * @param {string} content of the stamp
 * @param {FileVersion} version of the stats.json that is there
 * @returns {Document | null} null where it tells nothing of this stats.json
 */
export function readDigest(content, version) {
    let found;
    try {
        found = record(JSON.parse(content));
    } catch {
        return null; // another exporter's: a stamp need hold nothing
    }
    const of = record(found.of);
    if (of.inode !== version.inode || of.bytes !== version.bytes || of.modifiedUs !== version.modifiedUs)
        return null;
    return checked(record(found.stats), false).document;
}

/**
 * @param {Record<string, unknown>} root
 * @param {boolean} isWhole
 * @returns {ReturnType<typeof readDocument>}
 */
function checked(root, isWhole) {
    if (count(root.schemaVersion) > SCHEMA_VERSION)
        return {document: null, problem: 'newer'};
    if (![root.session, root.daily, root.total].every(isRecord))
        return {document: null, problem: 'foreign'};
    return {document: document(root, isWhole), problem: null};
}

/**
 * @param {Record<string, unknown>} root
 * @param {boolean} isWhole
 * @returns {Document}
 */
function document(root, isWhole) {
    const daily = record(root.daily);
    const total = record(root.total);
    const history = record(root.history);
    const exporter = record(root.exporter);
    return {
        isWhole,
        session: run(record(root.session)),
        daily: {...section(daily), date: text(daily.date)},
        total: {...section(total), installMs: count(total.installDate)},
        runs: records(root.sessions, MOST_RUNS).map(run),
        items: records(root.attention, MOST_ITEMS).map(item).filter(({id}) => id !== ''),
        hours: records(history.hours, MOST_HOURS).map(hour => ({...figure(hour), startMs: count(hour.startMs)})),
        days: records(history.days, Infinity).slice(-MOST_DAYS).map(day => ({...figure(day), date: text(day.date)})),
        limits: records(root.limits, MOST_LIMITS).map(limit),
        currency: currency(record(root.currency)),
        generatedAtMs: count(exporter.generatedAt),
        problems: records(record(exporter.health).problems, MOST_PROBLEMS)
            .map(problem => text(problem.message)).filter(message => message),
    };
}

/**
 * @param {Record<string, unknown>} raw
 * @returns {Section}
 */
export function section(raw) {
    return {...figure(raw), kinds: kinds(raw.tokens), raw};
}

/** @param {Record<string, unknown>} raw */
function figure(raw) {
    return {tokens: count(raw.totalTokens), costUsd: count(raw.totalCost)};
}

/**
 * @param {unknown} raw
 * @returns {Kinds}
 */
export function kinds(raw) {
    const found = record(raw);
    return {
        input: count(found.input),
        output: count(found.output),
        reasoning: count(found.reasoning),
        cacheRead: count(found.cacheRead),
        cacheWrite: count(found.cacheWrite),
    };
}

/**
 * @param {Record<string, unknown>} raw
 * @returns {Run}
 */
function run(raw) {
    return {
        ...section(raw),
        runId: text(raw.runId),
        live: raw.live === true,
        state: oneOf(raw.state, ['working', 'waiting', 'idle', 'ended', 'none'], 'none'),
        startMs: count(raw.startTime),
        lastActivityMs: count(raw.lastActivity),
        idleSinceMs: typeof raw.idleSince === 'number' ? count(raw.idleSince) : null,
        folders: records(raw.workspaces, MOST_RUNS).map(workspace => text(workspace.directory)).filter(folder => folder),
        pids: pids(raw.pids),
    };
}

/**
 * @param {Record<string, unknown>} raw
 * @returns {Item}
 */
function item(raw) {
    return {
        id: text(raw.id),
        kind: text(raw.kind),
        runId: text(raw.runId),
        folder: text(raw.workspace),
        atMs: count(raw.atMs),
        turnMs: typeof raw.turnMs === 'number' ? count(raw.turnMs) : null,
        pids: pids(raw.pids),
        limit: text(raw.limit),
        percent: typeof raw.percent === 'number' ? count(raw.percent) : null,
    };
}

/**
 * @param {Record<string, unknown>} raw
 * @returns {Limit}
 */
function limit(raw) {
    const unit = typeof raw.usedTokens === 'number' ? 'tokens' : typeof raw.usedUsd === 'number' ? 'usd' : null;
    return {
        unit,
        used: count(raw.usedTokens ?? raw.usedUsd),
        limit: count(raw.limit),
        name: text(raw.name),
        percent: typeof raw.percent === 'number' ? count(raw.percent) : null,
        level: oneOf(raw.level, ['normal', 'warning', 'critical', 'unknown'], 'unknown'),
        resetsAtMs: typeof raw.resetsAtMs === 'number' ? count(raw.resetsAtMs) : null,
    };
}

/**
 * What the user has amounts shown in; an exporter of an older version does not say.
 *
 * @param {Record<string, unknown>} raw
 * @returns {import('./numbers.js').Currency}
 */
function currency({code, perUsd}) {
    if (typeof code !== 'string' || !/^[A-Z]{3}$/u.test(code) || typeof perUsd !== 'number' || !(perUsd > 0) || !Number.isFinite(perUsd))
        return US_DOLLARS;
    return {code, perUsd};
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
function isRecord(value) {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * @param {unknown} value
 * @returns {Record<string, unknown>}
 */
export function record(value) {
    return isRecord(value) ? value : {};
}

/**
 * @param {unknown} value
 * @param {number} most
 */
function records(value, most) {
    return Array.isArray(value) ? value.slice(0, most).filter(isRecord) : [];
}

/** @param {unknown} value */
export function count(value) {
    return typeof value === 'number' && value > 0 && Number.isFinite(value) ? value : 0;
}

/** @param {unknown} value */
function text(value) {
    return typeof value === 'string' ? value : '';
}

/** @param {unknown} value */
function pids(value) {
    return Array.isArray(value) ? value.slice(0, MOST_PIDS).filter(pid => Number.isInteger(pid) && pid > 0) : [];
}

/**
 * @template {string} T
 * @param {unknown} value
 * @param {T[]} choices
 * @param {T} otherwise
 * @returns {T}
 */
function oneOf(value, choices, otherwise) {
    return choices.find(choice => choice === value) ?? otherwise;
}

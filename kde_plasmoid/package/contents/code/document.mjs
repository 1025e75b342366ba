// SPDX-License-Identifier: MIT
// stats.json as the widget knows it. The file is input from outside: whatever it holds, what comes out of here is whole
// and of its type. The format: docs/stats-json.md. Plasma's engine knows the JavaScript of 2016 and no Intl.

export const SCHEMA_VERSION = 1;
export const MOST_BYTES = 8 * 1024 * 1024;
const MOST_RUNS = 50;
const MOST_PROBLEMS = 2;
const HOUR_MS = 3600000;
const STATES = ['working', 'waiting', 'idle', 'ended'];

/**
 * What the widget shows of a file's content: `{document, trouble}`, one of which is null. `trouble` is 'empty',
 * 'broken', 'foreign', 'newer' or 'too-large'.
 */
export function readDocument(content) {
    if (content.length > MOST_BYTES)
        return troubled('too-large');
    if (content.trim() === '')
        return troubled('empty');
    let found;
    try {
        found = record(JSON.parse(content));
    } catch (error) {
        return troubled('broken'); // no JSON, which is all that it can say
    }
    if (count(found.schemaVersion) > SCHEMA_VERSION)
        return troubled('newer');
    if (![found.session, found.daily, found.total].every(isRecord))
        return troubled('foreign');
    return {document: documentOf(found), trouble: null};
}

/** No document, and why. */
export function troubled(trouble) {
    return {document: null, trouble};
}

function documentOf(found) {
    const daily = record(found.daily);
    const exporter = record(found.exporter);
    const hours = records(record(found.history).hours);
    const session = section(found.session);
    session.startMs = count(record(found.session).startTime);
    const today = section(daily);
    today.date = text(daily.date);
    const total = section(found.total);
    total.installMs = count(record(found.total).installDate);
    return {
        session,
        today,
        total,
        models: modelsOf(daily),
        runs: records(found.sessions).slice(0, MOST_RUNS).map(run),
        currency: currency(record(found.currency)),
        problems: records(record(exporter.health).problems).map(problem => text(problem.message))
            .filter(message => message).slice(0, MOST_PROBLEMS),
        generatedAtMs: count(exporter.generatedAt),
        // 0 where the writer has no history: then nobody knows when the day is over.
        dayEndsMs: hours.length > 0 ? count(hours[hours.length - 1].startMs) + HOUR_MS : 0,
    };
}

function section(raw) {
    const found = record(raw);
    return {
        tokens: count(found.totalTokens),
        costUsd: count(found.totalCost),
        listUsd: count(found.listValue),
        isUnpriced: Object.keys(record(found.unpriced)).length > 0,
    };
}

/** The models of a section, the largest first: this engine, too, moves keys that are whole numbers to the front. */
function modelsOf(raw) {
    const details = record(raw.models);
    const costs = record(raw.costsByModel);
    const tokens = record(raw.tokensByModel);
    return Object.keys(tokens).map(name => ({
        name,
        tokens: count(tokens[name]),
        costUsd: count(costs[name]),
        listUsd: count(record(details[name]).listValue),
        isUnpriced: record(details[name]).listValue === null,
    })).sort((one, other) => other.tokens - one.tokens);
}

function run(raw) {
    const found = section(raw);
    found.state = STATES.includes(raw.state) ? raw.state : 'none';
    found.idleSinceMs = count(raw.idleSince);
    found.folders = records(raw.workspaces).map(workspace => text(workspace.directory)).filter(folder => folder);
    return found;
}

/** What the user has amounts shown in; an exporter of an older version does not say. */
function currency(raw) {
    const isOne = typeof raw.code === 'string' && /^[A-Z]{3}$/.test(raw.code) && count(raw.perUsd) > 0;
    return isOne ? {code: raw.code, perUsd: raw.perUsd} : {code: 'USD', perUsd: 1};
}

function isRecord(value) {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function record(value) {
    return isRecord(value) ? value : {};
}

function records(value) {
    return Array.isArray(value) ? value.filter(isRecord) : [];
}

function count(value) {
    return typeof value === 'number' && value > 0 && Number.isFinite(value) ? value : 0;
}

function text(value) {
    return typeof value === 'string' ? value : '';
}

// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check
// The models of a section, of which there can be thousands.

import {count, kinds, record, section} from './document.js';

/** @typedef {import('./document.js').Section} Section */
/** @typedef {import('./document.js').Model} Model */
/** @typedef {'session' | 'daily' | 'total'} SectionKey as the file calls its sections */

/**
 * One section of the file, with its models. Of a file that is laid out as the exporter's is, only that part is parsed:
 * with many models the whole takes some milliseconds.
 *
 * @param {string} content of the file
 * @param {SectionKey} key
 * @returns {Section | null} null where there is none
 */
export function readSection(content, key) {
    const found = laidOutMember(content, key);
    try {
        return section(record(found === null ? record(JSON.parse(content))[key] : JSON.parse(found)));
    } catch {
        return null; // it was replaced by one that is damaged; the next reading says so
    }
}

/**
 * A member's text, where each level is set in by one space: no text in JSON holds a line's end, so what begins a line
 * there is what it looks like.
 *
 * @param {string} content
 * @param {string} key
 */
function laidOutMember(content, key) {
    const before = `\n "${key}": `;
    const start = content.indexOf(`${before}{\n`) + before.length;
    const end = content.indexOf('\n }', start);
    return start < before.length || end < 0 ? null : content.slice(start, end + '\n }'.length);
}

/**
 * The largest models of a section. Made when they are looked at: there can be thousands.
 *
 * @param {Section} section
 * @param {number} most
 * @returns {{models: Model[], hidden: number}} `hidden`: how many more there are
 */
export function largestModels({raw}, most) {
    const details = record(raw.models);
    const costs = record(raw.costsByModel);
    const all = Object.entries(record(raw.tokensByModel))
        .map(([name, tokens]) => ({name, tokens: count(tokens)}))
        .sort((one, other) => other.tokens - one.tokens);
    const models = all.slice(0, most).map(({name, tokens}) => ({
        name,
        tokens,
        costUsd: count(costs[name]),
        kinds: kinds(record(details[name]).tokens),
    }));
    return {models, hidden: all.length - models.length};
}

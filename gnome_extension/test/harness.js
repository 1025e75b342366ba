// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check
// What the tests are written with, so that node and GJS can both run them: run-node.js hands them to node's own test
// runner, run-gjs.js runs them by itself.

/** @type {{name: string, job: () => void | Promise<void>}[]} */
export const tests = [];

/**
 * @param {string} name what holds
 * @param {() => void | Promise<void>} job throws where it does not
 */
export function test(name, job) {
    tests.push({name, job});
}

/**
 * @param {unknown} actual
 * @param {unknown} expected of the same structure
 */
export function equal(actual, expected) {
    const [one, other] = [actual, expected].map(spelled);
    if (one !== other)
        throw new Error(`expected ${other}\n     got ${one}`);
}

/**
 * @param {unknown} condition
 * @param {string} what
 */
export function ok(condition, what) {
    if (!condition)
        throw new Error(what);
}

/** Instants are tested in whatever zone the machine is in. */
export const NOW_MS = new Date(2026, 10, 21, 14, 30).getTime();
export const MINUTE_MS = 60_000;

/** English, as it stands in the code. */
export const words = {
    /** @param {string} text */
    gettext: text => text,
    /**
     * @param {string} one
     * @param {string} many
     * @param {number} count
     */
    ngettext: (one, many, count) => count === 1 ? one : many,
};

/** @param {unknown} value */
function spelled(value) {
    return JSON.stringify(value, (_key, part) => {
        if (part instanceof Set || part instanceof Map)
            return [...part];
        if (typeof part === 'object' && part !== null && !Array.isArray(part))
            return Object.fromEntries(Object.entries(part).sort(([one], [other]) => one < other ? -1 : 1));
        return part === undefined || (typeof part === 'number' && !Number.isFinite(part)) ? `(${String(part)})` : part;
    }, 1);
}

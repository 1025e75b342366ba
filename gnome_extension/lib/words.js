// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check

/**
 * @typedef {object} Words what turns English into the user's language
 * @property {(text: string) => string} gettext
 * @property {(one: string, many: string, count: number) => string} ngettext
 */

/**
 * Puts values into a translated sentence, once over: a value that looks like a place for another is left as it is.
 *
 * @param {string} sentence with places like `{folder}`
 * @param {Record<string, string>} values
 */
export function fill(sentence, values) {
    return sentence.replace(/\{(\w+)\}/g, (place, name) => Object.hasOwn(values, name) ? values[name] : place);
}

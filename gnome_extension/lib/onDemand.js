// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check

/**
 * Formats of `Intl`, each made when it is first needed: the engine takes half a millisecond for one, and there are many.
 *
 * @template {string} Name
 * @param {Record<Name, () => {format: (value: any) => string}>} makers
 * @returns {(name: Name, value: number | Date) => string}
 */
export function onDemand(makers) {
    /** @type {Partial<Record<Name, {format: (value: any) => string}>>} */
    const made = {};
    return (name, value) => (made[name] ??= makers[name]()).format(value);
}

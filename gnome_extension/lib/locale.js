// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check

const WITHOUT_LOCALE = 'en-US';
/** @type {Record<string, string>} */
const SCRIPTS = {latin: 'Latn', cyrillic: 'Cyrl', devanagari: 'Deva', arabic: 'Arab'};

/**
 * The language tag that `Intl` takes for a POSIX locale's name: `de_AT.UTF-8` is `de-AT`, `sr_RS@latin` is
 * `sr-Latn-RS`. The C locale, and what `Intl` does not take, is `en-US`.
 *
 * @param {string | undefined} name as GLib.get_language_names_with_category() lists it
 * @returns {string}
 */
export function languageTag(name) {
    const [, language, territory, modifier] = /^([A-Za-z]+)(?:_([A-Za-z0-9]+))?(?:\.[^@]*)?(?:@(.*))?$/.exec(name ?? '') ?? [];
    if (!language || language === 'C' || language === 'POSIX')
        return WITHOUT_LOCALE;
    const tag = [language, SCRIPTS[modifier], territory].filter(part => part).join('-');
    try {
        return Intl.getCanonicalLocales(tag)[0];
    } catch {
        return WITHOUT_LOCALE; // RangeError: not a language tag
    }
}

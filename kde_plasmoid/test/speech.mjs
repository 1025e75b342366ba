// SPDX-License-Identifier: MIT
// How Qt writes numbers, in node's words.
const inLanguage = language => ({
    number: (value, places) => value.toLocaleString(language, {minimumFractionDigits: places, maximumFractionDigits: places}),
    moment: ms => `at ${ms}`,
    home: '/home/ada',
});

export const english = inLanguage('en-US');
export const german = inLanguage('de-DE');

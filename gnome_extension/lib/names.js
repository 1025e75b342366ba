// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check
// Names from outside (models, folders) may hold anything that JSON can: they are made safe to look at here, and are
// set as plain text everywhere, never as markup.

/** Controls, formats (which turn the writing direction), the unassigned and private, lone surrogates, line ends. */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]/gu;
/** More than two accents on one letter paint over the lines around it. */
const HEAPED_MARKS = /(\p{M}{2})\p{M}+/gu;
const LONGEST_NAME = 40;
const LONGEST_FOLDER = 60;

/**
 * A name, safe to show: what is not to be seen becomes its code, a long name loses its middle.
 *
 * @param {string} name
 * @param {number} [longest] in characters, 3 or more
 */
export function shownName(name, longest = LONGEST_NAME) {
    // Its ends are all that can be shown; the rest may be a megabyte.
    const whole = name.length > 8 * longest ? name.slice(0, 4 * longest) + name.slice(-4 * longest) : name;
    const shown = whole
        .replace(INVISIBLE, char => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`)
        .replace(HEAPED_MARKS, '$1');
    const letters = [...shown];
    if (letters.length <= longest)
        return shown;
    const tail = Math.floor((longest - 1) / 2);
    return `${letters.slice(0, longest - 1 - tail).join('')}…${letters.slice(-tail).join('')}`;
}

/**
 * A folder, with the user's home as `~`.
 *
 * @param {string} directory
 * @param {string} home
 */
export function shownFolder(directory, home) {
    if (directory === home)
        return '~';
    const below = home !== '/' && home !== '' && directory.startsWith(`${home}/`);
    return shownName(below ? `~${directory.slice(home.length)}` : directory, LONGEST_FOLDER);
}

/**
 * A folder's last part, by which people call their projects.
 *
 * @param {string} directory
 * @param {string} home
 */
export function folderName(directory, home) {
    const last = directory.split('/').filter(part => part).at(-1);
    return directory === home || last === undefined ? shownFolder(directory, home) : shownName(last);
}

// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check
// What is not as it should be, in one plain sentence.

import {shownName} from './names.js';
import {isAnyLive} from './panel.js';

/** @typedef {import('./document.js').Document} Document */
/**
 * @typedef {'missing' | 'not-set-up' | 'unreadable' | 'too-large' | import('./document.js').Problem} Trouble
 */
/** @typedef {{title: string, sentence: string}} Notice */

const LONGEST_PROBLEM = 200;

/**
 * @param {{document: Document | null, trouble: Trouble | null, exporterAnswers: boolean | null}} reading
 *     `exporterAnswers` is null where it was not asked
 * @param {import('./words.js').Words} words
 * @returns {Notice | null}
 */
export function noticeOf({document, trouble, exporterAnswers}, {gettext: _}) {
    if (trouble !== null)
        return troubleInWords(trouble, _);
    if (document !== null && document.problems.length > 0) {
        const sentence = document.problems.map(problem => shownName(problem, LONGEST_PROBLEM)).join('\n');
        return {title: _('The figures may be incomplete'), sentence};
    }
    if (exporterAnswers === false && isAnyLive(document)) {
        return {
            title: _('The exporter does not run'),
            sentence: _('These are the figures that it published last. “opencode-stats doctor” says what mends that.'),
        };
    }
    return null;
}

/**
 * @param {Trouble} trouble
 * @param {(text: string) => string} _
 * @returns {Notice}
 */
function troubleInWords(trouble, _) {
    const recovers = _('Fresh figures come by themselves with its next good version.');
    /** @type {Record<Trouble, Notice>} */
    const notices = {
        'missing': {
            title: _('No figures yet'),
            sentence: _('They appear here as soon as the exporter of opencode-stats runs.'),
        },
        'not-set-up': {
            title: _('opencode-stats is not set up'),
            sentence: _('Run “opencode-stats setup” in a terminal; the figures then appear here.'),
        },
        'unreadable': {
            title: _('stats.json can’t be read'),
            sentence: _('Look at the permissions of the file and of its folder.'),
        },
        'too-large': {title: _('stats.json is too large'), sentence: recovers},
        'empty': {title: _('stats.json is empty'), sentence: recovers},
        'broken': {title: _('stats.json is damaged'), sentence: recovers},
        'foreign': {title: _('stats.json is not from opencode-stats'), sentence: recovers},
        'newer': {
            title: _('opencode-stats is newer than this extension'),
            sentence: _('Run “opencode-stats setup” to bring the extension up to date, then log out and in again.'),
        },
    };
    return notices[trouble];
}

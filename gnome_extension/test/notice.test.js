// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check
import {noticeOf} from '../lib/notice.js';
import {equal, ok, test, words} from './harness.js';
import {run, sample} from './sample.js';

/** @typedef {import('../lib/notice.js').Trouble} Trouble */

test('when all is well nothing is said', () => {
    equal(noticeOf({document: sample(), trouble: null, exporterAnswers: true}, words), null);
    equal(noticeOf({document: sample(), trouble: null, exporterAnswers: null}, words), null);
    equal(noticeOf({document: null, trouble: null, exporterAnswers: null}, words), null);
});

test('each trouble has a plain sentence of its own', () => {
    const troubles = /** @type {Trouble[]} */ (['missing', 'not-set-up', 'unreadable', 'too-large', 'empty', 'broken', 'foreign', 'newer']);
    const notices = troubles.map(trouble => noticeOf({document: null, trouble, exporterAnswers: null}, words));
    equal(new Set(notices.map(notice => notice?.title)).size, troubles.length);
    ok(notices.every(notice => notice?.sentence.endsWith('.')), 'no sentence');
});

test('the exporter\'s own problems are shown, and can do no harm', () => {
    const document = sample({exporter: {health: {status: 'degraded', problems: [{message: 'One.'}, {message: '\u202e<b>'}]}}});
    equal(noticeOf({document, trouble: null, exporterAnswers: true}, words)?.sentence, 'One.\n\\u202e<b>');
});

test('an exporter that does not run matters while OpenCode does', () => {
    equal(noticeOf({document: sample(), trouble: null, exporterAnswers: false}, words)?.title, 'The exporter does not run');
    const ended = sample({session: {...run, live: false, state: 'ended'}, sessions: []});
    equal(noticeOf({document: ended, trouble: null, exporterAnswers: false}, words), null);
});

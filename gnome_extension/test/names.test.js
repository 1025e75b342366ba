// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check
import {folderName, shownFolder, shownName} from '../lib/names.js';
import {equal, ok, test} from './harness.js';

test('an ordinary name is shown as it is', () => {
    equal(['claude-sonnet-5', 'Größe/模型', '<b>x</b> & y'].map(name => shownName(name)), ['claude-sonnet-5', 'Größe/模型', '<b>x</b> & y']);
});

test('what is not to be seen becomes its code', () => {
    equal(shownName('a\u202eb\u0007\n\ud800c\u2028'), 'a\\u202eb\\u0007\\u000a\\ud800c\\u2028');
});

test('heaped accents are cut down', () => {
    equal(shownName(`e${'\u0301'.repeat(50)}`).length, 3);
});

test('a long name loses its middle, in characters and not in halves of them', () => {
    equal(shownName('abcdefghij', 5), 'ab…ij');
    equal(shownName('😀'.repeat(9), 5), '😀😀…😀😀');
    ok([...shownName('x'.repeat(10_000_000))].length === 40, 'too long');
});

test('the home folder is ~', () => {
    equal(['/home/ada', '/home/ada/shop', '/home/adam', '/srv', ''].map(folder => shownFolder(folder, '/home/ada')),
        ['~', '~/shop', '/home/adam', '/srv', '']);
});

test('a folder is called by its last part', () => {
    equal(['/home/ada/work/shop/', '/home/ada', '/', '/srv/a b'].map(folder => folderName(folder, '/home/ada')), ['shop', '~', '/', 'a b']);
});

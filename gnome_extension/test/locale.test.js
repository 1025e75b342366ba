// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check
import {languageTag} from '../lib/locale.js';
import {equal, test} from './harness.js';

test('a POSIX locale becomes a language tag', () => {
    equal(['de_AT.UTF-8', 'fr', 'sr_RS@latin', 'ca_ES.UTF-8@valencia', 'pt_BR'].map(languageTag),
        ['de-AT', 'fr', 'sr-Latn-RS', 'ca-ES', 'pt-BR']);
});

test('the C locale and nonsense are English', () => {
    equal(['C', 'C.UTF-8', 'POSIX', '', undefined, '../x', 'toolonganame_X'].map(languageTag), Array(7).fill('en-US'));
});

// SPDX-License-Identifier: GPL-2.0-or-later
import {readdirSync, readFileSync} from 'node:fs';
import test from 'node:test';

import './all.js';
import {ok, tests} from './harness.js';

tests.forEach(({name, job}) => test(name, job));

test('no test file is left out', () => {
    const here = new URL('.', import.meta.url);
    const listed = readFileSync(new URL('all.js', here), 'utf8');
    for (const name of readdirSync(here).filter(file => file.endsWith('.test.js')))
        ok(listed.includes(`'./${name}'`), `all.js does not import ${name}`);
});

// SPDX-License-Identifier: GPL-2.0-or-later
// gjs -m test/run-gjs.js: the same tests in the engine that the Shell has, and those of files and sockets besides.
import System from 'system';

import './all.js';
import './gjs/exporter.test.js';
import './gjs/statsFile.test.js';
import {tests} from './harness.js';

let failed = 0;
for (const {name, job} of tests) {
    try {
        // One after the other, as they were written.
        // eslint-disable-next-line no-await-in-loop
        await job();
    } catch (error) {
        failed++;
        printerr(`not ok: ${name}\n${error}\n${error.stack}`);
    }
}
print(`${tests.length} tests under GJS ${System.versionString ?? System.version}, ${failed} failed`);
System.exit(failed > 0 || tests.length === 0 ? 1 : 0);

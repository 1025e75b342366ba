// SPDX-License-Identifier: GPL-2.0-or-later
// Real files, GLib's real monitors.

import GLib from 'gi://GLib';

import {StatsFile} from '../../shell/statsFile.js';
import {equal, ok, test} from '../harness.js';
import {Scratch, pause, until} from './places.js';

/**
 * @param {string} name
 * @param {(scene: {scratch: Scratch, readings: any[], start: () => void, last: () => any, section: (key: 'session' | 'daily' | 'total') =>
 *     Promise<any>, stop: () => void}) => Promise<void>} job
 * @param {number} [intervalS]
 */
function follow(name, job, intervalS = 3600) {
    test(name, async () => {
        const scratch = new Scratch();
        const readings = [];
        let file = null;
        try {
            await job({
                scratch,
                readings,
                start: () => (file = new StatsFile(scratch.places, intervalS, reading => readings.push(reading))),
                last: () => readings.at(-1),
                section: key => file.section(key),
                stop: () => file.stop(),
            });
        } finally {
            file?.stop();
            scratch.remove();
        }
    });
}

/** @param {any} reading */
const tokens = reading => reading?.document?.daily.tokens;

follow('what is there is read, and every change after it', async ({scratch, start, last}) => {
    scratch.makeFolders();
    scratch.publish(1);
    start();
    await until(() => tokens(last()) === 1, 'the first');
    scratch.publish(2);
    await until(() => tokens(last()) === 2, 'the second');
});

follow('nothing at all, a part, then everything', async ({scratch, start, last}) => {
    start();
    await until(() => last()?.trouble === 'not-set-up', 'not set up');
    scratch.makeFolders();
    scratch.publish(7);
    await until(() => tokens(last()) === 7, 'figures in folders that came later');
});

follow('a file that is not there yet where something is set up', async ({scratch, start, last}) => {
    scratch.makeFolders();
    start();
    await until(() => last()?.trouble === 'missing', 'missing');
});

follow('a thousand changes are read a few times, and the last is right', async ({scratch, start, last, readings}) => {
    scratch.makeFolders();
    scratch.publish(1);
    start();
    await until(() => tokens(last()) === 1, 'the first');
    for (let count = 2; count <= 1000; count++) {
        scratch.publish(count);
        if (count % 50 === 0)
            await pause(10); // eslint-disable-line no-await-in-loop -- the main loop has to run between them
    }
    await until(() => tokens(last()) === 1000, 'the last');
    ok(readings.length <= 20, `read ${readings.length} times`);
});

follow('a damaged file keeps the figures of before, one of a newer format does not', async ({scratch, start, last}) => {
    scratch.makeFolders();
    scratch.publish(5);
    start();
    await until(() => tokens(last()) === 5, 'figures');
    scratch.publish('{');
    await until(() => last().trouble === 'broken', 'broken');
    equal(tokens(last()), 5);
    scratch.publish('{"schemaVersion": 9}');
    await until(() => last().trouble === 'newer', 'newer');
    equal(last().document, null);
    scratch.publish(6);
    await until(() => tokens(last()) === 6 && last().trouble === null, 'well again');
});

follow('a file that is too large is not read, and the one of before is known again', async ({scratch, start, last}) => {
    scratch.makeFolders();
    scratch.publish(5);
    start();
    await until(() => tokens(last()) === 5, 'figures');
    scratch.publish('x'.repeat(9 * 1024 * 1024));
    await until(() => last().trouble === 'too-large', 'too large');
    scratch.publish(5);
    await until(() => last().trouble === null, 'well again');
});

follow('the same content again is no news', async ({scratch, start, last, readings}) => {
    scratch.makeFolders();
    scratch.publish(5);
    start();
    await until(() => tokens(last()) === 5, 'figures');
    scratch.publish(5);
    await pause(300);
    equal(readings.length, 1);
});

follow('while nothing runs a writer without a stamp is noticed at once', async ({scratch, start, last}) => {
    scratch.makeFolders();
    scratch.publish(1, {live: false});
    start();
    await until(() => tokens(last()) === 1, 'figures');
    scratch.publish(2, {live: false, stamp: false});
    await until(() => tokens(last()) === 2, 'the second');
});

follow('a stamp that is silent is found out by the timer, and the file is watched again', async ({scratch, start, last}) => {
    scratch.makeFolders();
    scratch.publish(1, {state: 'idle'});
    start();
    await until(() => tokens(last()) === 1, 'figures');
    scratch.publish(2, {stamp: false, state: 'idle'});
    await until(() => tokens(last()) === 2, 'found by the timer');
    await pause(6500); // it waits two seconds for the stamp, looks once more, and rests
    const startedUs = GLib.get_monotonic_time();
    for (const count of [3, 4, 5, 6]) {
        scratch.publish(count, {stamp: false, state: 'idle'});
        await until(() => tokens(last()) === count, 'found by the monitor'); // eslint-disable-line no-await-in-loop
    }
    ok(GLib.get_monotonic_time() - startedUs < 5_000_000, 'the timer would have taken two seconds for each but the first');
});

follow('a file that is not right is watched also while OpenCode runs', async ({scratch, start, last}) => {
    scratch.makeFolders();
    scratch.publish(1, {state: 'idle'});
    start();
    await until(() => tokens(last()) === 1, 'figures');
    scratch.publish('{');
    await until(() => last().trouble === 'broken', 'broken');
    await pause(2500); // it looks once more, and rests
    scratch.publish(2, {stamp: false, state: 'idle'});
    await until(() => tokens(last()) === 2, 'found by the monitor');
});

follow('a digest of the very file is enough, and the file is read when its models are asked for', async scene => {
    const {scratch, start, last, section, readings} = scene;
    scratch.makeFolders();
    scratch.publish(1, {digest: 100});
    start();
    await until(() => tokens(last()) === 100, 'the digest');
    equal(last().document.isWhole, false);
    equal((await section('daily')).tokens, 1);
    scratch.publish(5, {stamp: false});
    equal((await section('daily')).tokens, 1); // read once for one digest
    scratch.publish(2, {digest: 200});
    await until(() => tokens(last()) === 200, 'the next digest');
    await pause(300);
    equal(readings.length, 2);
    scratch.publish(3);
    await until(() => tokens(last()) === 3, 'a stamp without a digest');
    equal(await section('daily'), last().document.daily);
});

follow('a digest of another file is not believed', async ({scratch, start, last}) => {
    scratch.makeFolders();
    scratch.publish(1, {digest: 100, live: false});
    scratch.publish(2, {stamp: false, live: false});
    start();
    await until(() => last() !== undefined, 'figures');
    equal(tokens(last()), 2);
    scratch.publish(3, {digest: 300, live: false});
    await until(() => tokens(last()) === 300, 'its own digest');
    scratch.publish('{', {stamp: false});
    await until(() => last().trouble === 'broken', 'broken behind the exporter’s back');
    equal(tokens(last()), 300);
    scratch.publish(4, {digest: 400});
    await until(() => tokens(last()) === 400 && last().trouble === null, 'well again');
});

follow('what no monitor tells of is found in two seconds while OpenCode works', async ({scratch, start, last}) => {
    scratch.makeFolders();
    scratch.publish(1, {digest: 100});
    start();
    await until(() => tokens(last()) === 100, 'figures');
    await pause(2500); // it has looked once, and found nothing
    scratch.publish(2, {stamp: false});
    await until(() => tokens(last()) === 2, 'found by the timer');
});

follow('and when it has just come to rest', async ({scratch, start, last}) => {
    scratch.makeFolders();
    scratch.publish(1, {digest: 100, state: 'idle'});
    start();
    await until(() => tokens(last()) === 100, 'figures');
    scratch.publish(2, {stamp: false, state: 'idle'});
    await until(() => tokens(last()) === 2, 'found by the timer');
});

follow('after the end nothing is told', async ({scratch, start, last, readings, stop}) => {
    scratch.makeFolders();
    scratch.publish(1);
    start();
    await until(() => tokens(last()) === 1, 'figures');
    scratch.publish(2);
    stop();
    scratch.publish(3);
    await pause(300);
    equal(readings.length, 1);
});

follow('an end in the middle of a reading tells nothing', async ({scratch, start, readings, stop}) => {
    scratch.makeFolders();
    scratch.publish(1);
    start();
    stop();
    await pause(200);
    equal(readings.length, 0);
});

// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {existsSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'node:test';

import {lockCommand, readCommand, readResult} from '../package/contents/code/commands.mjs';

/** What a command of ours does in a folder whose name sh would like to read. */
function inFolder(job) {
    const folder = mkdtempSync(join(tmpdir(), 'it\'s $(touch x) "a" '));
    try {
        job(name => join(folder, name));
    } finally {
        rmSync(folder, {recursive: true});
    }
}
const sh = command => spawnSync('sh', ['-c', command], {encoding: 'utf8'});
const result = command => {
    const {status, stdout} = sh(command);
    return readResult(status, stdout);
};

test('the file is read, and what is wrong with it is told apart', () => {
    inFolder(place => {
        const command = readCommand(place('stats.json'));
        assert.equal(result(command).trouble, 'missing');
        writeFileSync(place('stats.json'), '{"session": {"totalTokens": 7}, "daily": {}, "total": {}}');
        assert.equal(result(command).document.session.tokens, 7);
        writeFileSync(place('stats.json'), '');
        assert.equal(result(command).trouble, 'empty');
        assert.equal(result(readCommand(place('.'))).trouble, 'unreadable'); // a folder
    });
});

test('a lock is looked at, not made and not kept', () => {
    inFolder(place => {
        const command = lockCommand(place('lock'));
        assert.equal(sh(command).status, 0);
        assert.ok(!existsSync(place('lock')));
        writeFileSync(place('lock'), '');
        assert.equal(sh(command).status, 0);
        const held = spawnSync('flock', ['-n', place('lock'), 'sh', '-c', command]);
        assert.equal(held.status, 1);
    });
});

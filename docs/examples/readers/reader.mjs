#!/usr/bin/env node
// What OpenCode spends, from stats.json; --follow prints it again whenever it has changed.
import {existsSync, readFileSync, watch} from 'node:fs';
import {homedir} from 'node:os';
import {basename, dirname, isAbsolute, join} from 'node:path';

// A relative XDG directory counts for nothing, as its specification says.
const data = process.env.XDG_DATA_HOME ?? '';
const file = join(isAbsolute(data) ? data : join(homedir(), '.local/share'), 'opencode/stats.json');

// Names come from providers as they are: nothing that a terminal obeys may get out.
const obeyed = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
const shown = (name) => [...name.replace(obeyed, '?')].slice(0, 40).join('');

const money = (usd) => {
    const cents = Math.floor(usd * 100 + 0.5);
    return `$${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;
};

// The lines to print. One read is enough: the file is replaced as a whole, so nobody ever sees half of it.
function look() {
    if (!existsSync(file)) return 'no figures yet';
    const {schemaVersion, session, daily, total} = JSON.parse(readFileSync(file, 'utf8'));
    if (schemaVersion !== 1) throw new Error('a format that is newer than this reader');
    const lines = [
        `${session.state}: ${session.totalTokens} tokens (${money(session.totalCost)}) this session, ` +
            `${daily.totalTokens} today, ${total.totalTokens} in total`,
    ];
    // By tokens, the largest first – but JavaScript moves keys that are whole numbers to the front, so sort again.
    const models = Object.entries(session.tokensByModel).sort(([, a], [, b]) => b - a);
    for (const [name, tokens] of models.slice(0, 3)) lines.push(`  ${shown(name)} ${tokens}`);
    return lines.join('\n');
}

console.log(look());
if (process.argv.includes('--follow')) {
    // The folder, not the file: a watched file that is replaced is never heard of again.
    watch(dirname(file), (_, name) => {
        if (name === basename(file)) console.log(look());
    });
}

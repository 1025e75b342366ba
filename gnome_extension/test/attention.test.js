// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check
import {Memory, NOTIFIED_KINDS, itemInWords, itemsToShow} from '../lib/attention.js';
import {Numbers, US_DOLLARS} from '../lib/numbers.js';
import {NOW_MS, equal, ok, test, words} from './harness.js';
import {speech} from './sample.js';

/** @typedef {import('../lib/document.js').Item} Item */

const RULES = {kinds: new Set(NOTIFIED_KINDS), minimumTurnMs: 10_000};
const notLookedAt = () => false;

/**
 * @param {Partial<Item>} changes
 * @returns {Item}
 */
function item(changes = {}) {
    return {
        id: 'a', kind: 'finished', runId: 'r1', folder: '/home/ada/shop', atMs: NOW_MS, turnMs: 60_000, pids: [], limit: '', percent: null,
        ...changes,
    };
}

/**
 * @param {Item[]} items
 * @param {{memory?: Memory, rules?: typeof RULES, isLookedAt?: (item: Item) => boolean}} [how]
 */
function shown(items, {memory = new Memory(NOW_MS - 1000), rules = RULES, isLookedAt = notLookedAt} = {}) {
    return itemsToShow(items, memory, rules, isLookedAt).map(({id}) => id);
}

test('each id is shown once', () => {
    const memory = new Memory(0);
    equal(shown([item()], {memory}), ['a']);
    equal(shown([item(), item({id: 'b', runId: 'r2'})], {memory}), ['b']);
    equal(shown([item(), item({id: 'b', runId: 'r2'})], {memory}), []);
});

test('of one run only the newest is shown, and the others do not come later', () => {
    const memory = new Memory(0);
    const items = [item({id: 'new'}), item({id: 'old'}), item({id: 'other', runId: 'r2'})];
    equal(shown(items, {memory}), ['new', 'other']);
    equal(shown(items.slice(1), {memory}), []);
});

test('what happened before the login is no news', () => {
    equal(shown([item({atMs: NOW_MS - 1001})]), []);
});

test('after the clock was set back news is still news', () => {
    const memory = new Memory(NOW_MS + 3_600_000);
    equal(shown([item({id: 'before'})], {memory}), []);
    memory.noteTime(NOW_MS - 1);
    equal(shown([item({id: 'after'})], {memory}), ['after']);
    memory.noteTime(NOW_MS + 1000);
    equal(shown([item({id: 'later'})], {memory}), ['later']);
});

test('a kind that is switched off is not shown, nor when it is switched on', () => {
    const memory = new Memory(0);
    for (const kind of NOTIFIED_KINDS) {
        const rules = {...RULES, kinds: new Set(NOTIFIED_KINDS.filter(other => other !== kind))};
        equal(shown([item({id: kind, kind})], {memory, rules}), []);
        equal(shown([item({id: kind, kind})], {memory}), []);
    }
});

test('a kind that is not known is not shown', () => {
    equal(shown([item({kind: 'party'})]), []);
});

test('a short turn is not worth a word, one of unknown length is', () => {
    equal(shown([item({turnMs: 9999})]), []);
    equal(shown([item({turnMs: 10_000})]), ['a']);
    equal(shown([item({turnMs: null})]), ['a']);
});

test('only a finished turn can be too short', () => {
    equal(shown([item({kind: 'permission', turnMs: 5})]), ['a']);
    equal(shown([item({kind: 'error', turnMs: 5})]), ['a']);
});

test('what the user looks at is not shown, nor when he looks away', () => {
    const memory = new Memory(0);
    equal(shown([item({pids: [7]})], {memory, isLookedAt: ({pids}) => pids.includes(7)}), []);
    equal(shown([item({pids: [7]})], {memory}), []);
});

test('an older item of a run is shown where the newest is not wanted', () => {
    equal(shown([item({id: 'short', turnMs: 1}), item({id: 'permission', kind: 'permission'})]), ['permission']);
});

test('the memory does not grow for ever, and keeps what came last', () => {
    const memory = new Memory(0);
    for (let count = 0; count < 5000; count++)
        memory.add(item({id: `i${count}`}));
    ok(memory.isNews(item({id: 'i0'})), 'the first is still kept');
    ok(!memory.isNews(item({id: 'i4999'})), 'the last was forgotten');
});

test('every kind has words of its own', () => {
    const titles = NOTIFIED_KINDS.map(kind => itemInWords(item({kind}), '~/shop', '1 min', speech).title);
    equal(new Set(titles).size, NOTIFIED_KINDS.length);
    ok(titles.every(title => title), 'an empty title');
});

test('a finished turn says where and how long, another one where', () => {
    equal(itemInWords(item(), '~/shop', '1 min', speech).body, '~/shop, after 1 min');
    equal(itemInWords(item(), '~/shop', '', speech).body, '~/shop');
    equal(itemInWords(item({kind: 'permission'}), '~/shop', '1 min', speech).body, '~/shop');
});

test('a limit is named, and each limit has a notification of its own', () => {
    const limits = ['weekly', '5-hour', 'weekly'].map((limit, index) => item({id: `l${index}`, kind: 'limit', runId: '', limit}));
    const told = itemsToShow([item({id: 'r'}), ...limits], new Memory(0), RULES, notLookedAt);
    equal(told.map(({id}) => id), ['r', 'l0', 'l1']);
    equal(itemInWords(limits[0] ?? item(), '', '', speech), {title: 'A limit is nearly reached', body: 'weekly'});
    const passed = item({kind: 'limit', runId: '', limit: 'weekly', percent: 80});
    equal(itemInWords(passed, '', '', speech), {title: '80% of a limit is used', body: 'weekly'});
    const german = {words, numbers: new Numbers('de', 'compact', US_DOLLARS)};
    equal(itemInWords(passed, '', '', german).title, '80\u00a0% of a limit is used');
});

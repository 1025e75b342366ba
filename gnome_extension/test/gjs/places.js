// SPDX-License-Identifier: GPL-2.0-or-later
// A scratch folder laid out as the exporter lays out a home, and what happens in it.

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

import {raw} from '../sample.js';

export class Scratch {
    constructor() {
        this.root = GLib.Dir.make_tmp('opencode-stats-XXXXXX');
        this.places = {
            statsFile: this.#file('data', 'stats.json'),
            stateFolder: this.#file('state'),
            stamp: this.#file('state', 'stamp', 'published'),
            socket: GLib.build_filenamev([this.root, 'control.sock']),
        };
    }

    makeFolders() {
        for (const file of [this.places.statsFile, this.places.stamp])
            GLib.mkdir_with_parents(file.get_parent().get_path(), 0o700);
    }

    /**
     * Replaces the file, then the stamp, as the exporter does.
     *
     * @param {string | number} content or today's tokens in an otherwise whole document
     * @param {{stamp?: boolean, live?: boolean, state?: string, digest?: number | null}} [how] `digest`: the tokens that
     *     the stamp tells of this file, which for once are others
     */
    publish(content, {stamp = true, live = true, state = 'working', digest = null} = {}) {
        const session = {...raw.session, live, state: live ? state : 'ended'};
        const document = {...raw, session, sessions: live ? [session] : [], daily: {...raw.daily, totalTokens: content}};
        this.#replace(this.places.statsFile, typeof content === 'string' ? content : JSON.stringify(document));
        if (stamp)
            this.#replace(this.places.stamp, digest === null ? 'published' : this.#digestOf({...document, daily: {totalTokens: digest}}));
    }

    #digestOf(stats) {
        const found = this.places.statsFile.query_info('standard::size,unix::inode,time::modified,time::modified-usec', 0, null);
        const seconds = found.get_attribute_uint64('time::modified');
        const of = {
            inode: found.get_attribute_as_string('unix::inode'),
            bytes: found.get_size(),
            modifiedUs: seconds * 1_000_000 + found.get_attribute_uint32('time::modified-usec'),
        };
        return JSON.stringify({of, stats});
    }

    remove() {
        removeTree(Gio.File.new_for_path(this.root));
    }

    #file(...parts) {
        return Gio.File.new_for_path(GLib.build_filenamev([this.root, ...parts]));
    }

    #replace(file, text) {
        const beside = this.#file('new');
        beside.replace_contents(text, null, false, Gio.FileCreateFlags.NONE, null);
        beside.move(file, Gio.FileCopyFlags.OVERWRITE, null, null);
    }
}

/** @param {Gio.File} folder */
function removeTree(folder) {
    for (const info of folder.enumerate_children('standard::*', Gio.FileQueryInfoFlags.NOFOLLOW_SYMLINKS, null)) {
        const child = folder.get_child(info.get_name());
        if (info.get_file_type() === Gio.FileType.DIRECTORY)
            removeTree(child);
        else
            child.delete(null);
    }
    folder.delete(null);
}

const PATIENCE_MS = 8000;

/**
 * Waits for something to become true.
 *
 * @param {() => boolean} condition
 * @param {string} what
 */
export function until(condition, what) {
    const startedUs = GLib.get_monotonic_time();
    return new Promise((resolve, reject) => {
        GLib.timeout_add(GLib.PRIORITY_DEFAULT, 5, () => {
            const isLate = GLib.get_monotonic_time() - startedUs > PATIENCE_MS * 1000;
            if (condition())
                resolve();
            else if (isLate)
                reject(new Error(`not in ${PATIENCE_MS} ms: ${what}`));
            else
                return GLib.SOURCE_CONTINUE;
            return GLib.SOURCE_REMOVE;
        });
    });
}

/** @param {number} ms */
export function pause(ms) {
    return new Promise(resolve => GLib.timeout_add(GLib.PRIORITY_DEFAULT, ms, () => {
        resolve();
        return GLib.SOURCE_REMOVE;
    }));
}

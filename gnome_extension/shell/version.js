// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

import {promised} from './asynchronous.js';

/** @typedef {import('../lib/document.js').FileVersion} FileVersion */

const INODE = 'unix::inode';
const SECONDS = 'time::modified';
const MICROSECONDS = 'time::modified-usec';
const READABLE = 'access::can-read';
const ATTRIBUTES = ['standard::size', INODE, SECONDS, MICROSECONDS, READABLE].join(',');

/**
 * Which version of a file is there.
 *
 * @param {Gio.File} file
 * @param {Gio.Cancellable} cancellable
 * @returns {Promise<FileVersion | null>} null where none is, or none that we may read
 */
export async function versionOf(file, cancellable) {
    try {
        const found = await promised(
            done => file.query_info_async(ATTRIBUTES, Gio.FileQueryInfoFlags.NONE, GLib.PRIORITY_DEFAULT, cancellable, done),
            result => file.query_info_finish(result));
        if (!found.get_attribute_boolean(READABLE))
            return null;
        return {
            inode: found.get_attribute_as_string(INODE) ?? '', // a number of 64 bits
            bytes: found.get_size(),
            modifiedUs: found.get_attribute_uint64(SECONDS) * 1_000_000 + found.get_attribute_uint32(MICROSECONDS),
        };
    } catch {
        return null; // who reads it says what is the matter
    }
}

/**
 * @param {FileVersion} one
 * @param {FileVersion} other
 */
export function isSameVersion(one, other) {
    return one.inode === other.inode && one.bytes === other.bytes && one.modifiedUs === other.modifiedUs;
}

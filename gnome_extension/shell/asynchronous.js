// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

const MORE_BYTES = 4096;

/**
 * GIO's pairs of calls as a promise, without changing GIO's classes for everybody as Gio._promisify() would.
 *
 * @template T
 * @param {(done: (source: any, result: Gio.AsyncResult) => void) => void} start
 * @param {(result: Gio.AsyncResult) => T} finish
 * @returns {Promise<T>}
 */
export function promised(start, finish) {
    return new Promise((resolve, reject) => {
        start((_source, result) => {
            try {
                resolve(finish(result));
            } catch (error) {
                reject(error);
            }
        });
    });
}

/**
 * A file's whole content, read without blocking; null where it is larger than `mostBytes`.
 *
 * @param {Gio.File} file
 * @param {number} mostBytes
 * @param {Gio.Cancellable} cancellable
 * @returns {Promise<GLib.Bytes | null>}
 */
export async function readWhole(file, mostBytes, cancellable) {
    const priority = GLib.PRIORITY_DEFAULT;
    const stream = await promised(
        done => file.read_async(priority, cancellable, done),
        result => file.read_finish(result));
    try {
        // What is asked for is taken from memory, and given back when the engine next collects garbage.
        let ask = Math.min(mostBytes, await sizeOf(stream, cancellable)) + 1;
        const pieces = [];
        let size = 0;
        for (;;) {
            // One piece after the other: each is where the one before it ended.
            // eslint-disable-next-line no-await-in-loop
            const piece = await promised(
                done => stream.read_bytes_async(ask, priority, cancellable, done),
                result => stream.read_bytes_finish(result));
            if (piece.get_size() === 0)
                return joined(pieces, size);
            size += piece.get_size();
            if (size > mostBytes)
                return null;
            pieces.push(piece);
            ask = MORE_BYTES; // the end; or what was added meanwhile
        }
    } finally {
        stream.close_async(priority, null, null);
    }
}

/**
 * @param {Gio.FileInputStream} stream
 * @param {Gio.Cancellable} cancellable
 */
async function sizeOf(stream, cancellable) {
    const found = await promised(
        done => stream.query_info_async(Gio.FILE_ATTRIBUTE_STANDARD_SIZE, GLib.PRIORITY_DEFAULT, cancellable, done),
        result => stream.query_info_finish(result));
    return found.get_size();
}

/**
 * @param {GLib.Bytes[]} pieces
 * @param {number} size
 */
function joined(pieces, size) {
    if (pieces.length === 1)
        return pieces[0];
    const whole = new Uint8Array(size);
    let offset = 0;
    for (const piece of pieces) {
        whole.set(piece.toArray(), offset);
        offset += piece.get_size();
    }
    return new GLib.Bytes(whole);
}

/**
 * @param {unknown} error
 * @param {number} code one of Gio.IOErrorEnum
 */
export function isIoError(error, code) {
    return error instanceof GLib.Error && error.matches(Gio.IOErrorEnum, code);
}

/** @param {GLib.Bytes} bytes of UTF-8 */
export function decoded(bytes) {
    return new TextDecoder().decode(bytes.toArray());
}

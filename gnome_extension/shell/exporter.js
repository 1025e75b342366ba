// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

import {promised} from './asynchronous.js';

/** Take in what OpenCode did until now, publish, then answer (exporter: host/control.py). */
const TAKE_IN = 'take-in\n';
const ANSWER_BYTES = 16;
const LONGEST_PATH_BYTES = 107; // unix(7), sun_path
const PATIENCE_S = 30;

/**
 * Asks the exporter to take in everything now. No program is started: what runs already is asked over its socket.
 *
 * @param {string} path of the socket
 * @param {Gio.Cancellable} cancellable
 * @returns {Promise<boolean>} whether it has done so
 */
export async function askToTakeIn(path, cancellable) {
    const connection = await connected(path, cancellable);
    if (connection === null)
        return false;
    const priority = GLib.PRIORITY_DEFAULT;
    const output = connection.get_output_stream();
    const input = connection.get_input_stream();
    try {
        await promised(
            done => output.write_bytes_async(new GLib.Bytes(new TextEncoder().encode(TAKE_IN)), priority, cancellable, done),
            result => output.write_bytes_finish(result));
        const answer = await promised(
            done => input.read_bytes_async(ANSWER_BYTES, priority, cancellable, done),
            result => input.read_bytes_finish(result));
        return answer.get_size() > 0;
    } catch {
        return false; // it ended, or took too long: what it published before stays
    } finally {
        connection.close_async(priority, null, null);
    }
}

/**
 * Whether an exporter is there to answer.
 *
 * @param {string} path of the socket
 * @param {Gio.Cancellable} cancellable
 * @returns {Promise<boolean | null>} null where that can't be known
 */
export async function isExporterThere(path, cancellable) {
    if (new TextEncoder().encode(path).length > LONGEST_PATH_BYTES)
        return null;
    const connection = await connected(path, cancellable);
    connection?.close_async(GLib.PRIORITY_DEFAULT, null, null);
    return connection !== null;
}

/**
 * @param {string} path
 * @param {Gio.Cancellable} cancellable
 * @returns {Promise<Gio.SocketConnection | null>}
 */
async function connected(path, cancellable) {
    const client = new Gio.SocketClient({enable_proxy: false, timeout: PATIENCE_S});
    try {
        return await promised(
            done => client.connect_async(Gio.UnixSocketAddress.new(path), cancellable, done),
            result => client.connect_finish(result));
    } catch {
        return null; // nobody listens there
    }
}

// SPDX-License-Identifier: GPL-2.0-or-later
// A real socket with an exporter's manners.

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

import {askToTakeIn, isExporterThere} from '../../shell/exporter.js';
import {equal, test} from '../harness.js';
import {Scratch} from './places.js';

/**
 * @param {string} name
 * @param {(path: string, heard: string[]) => Promise<void>} job
 * @param {string | null} [answer] null: no exporter is there; '': it goes without an answer
 */
function withExporter(name, job, answer = null) {
    test(name, async () => {
        const scratch = new Scratch();
        const service = new Gio.SocketService();
        const heard = [];
        service.connect('incoming', (_service, connection) => {
            connection.get_input_stream().read_bytes_async(64, GLib.PRIORITY_DEFAULT, null, (stream, result) => {
                heard.push(new TextDecoder().decode(stream.read_bytes_finish(result).toArray()));
                if (answer)
                    connection.get_output_stream().write_all(new TextEncoder().encode(answer), null);
                connection.close(null);
            });
            return true;
        });
        try {
            if (answer !== null) {
                const address = Gio.UnixSocketAddress.new(scratch.places.socket);
                service.add_address(address, Gio.SocketType.STREAM, Gio.SocketProtocol.DEFAULT, null);
            }
            await job(scratch.places.socket, heard);
        } finally {
            service.stop();
            service.close();
            scratch.remove();
        }
    });
}

withExporter('an exporter is asked in its own words, and its answer awaited', async (path, heard) => {
    equal(await askToTakeIn(path, new Gio.Cancellable()), true);
    equal(heard, ['take-in\n']);
}, 'done\n');

withExporter('one that goes without an answer has not done it', async path => {
    equal(await askToTakeIn(path, new Gio.Cancellable()), false);
}, '');

withExporter('where nobody listens nothing is done, and that is known', async path => {
    equal(await askToTakeIn(path, new Gio.Cancellable()), false);
    equal(await isExporterThere(path, new Gio.Cancellable()), false);
});

withExporter('an exporter is there without being asked for anything', async (path, heard) => {
    equal(await isExporterThere(path, new Gio.Cancellable()), true);
    equal(heard.filter(text => text), []);
}, '');

test('whether one listens at a path that is too long can not be known', async () => {
    equal(await isExporterThere(`/${'x'.repeat(200)}`, new Gio.Cancellable()), null);
});

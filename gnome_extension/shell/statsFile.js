// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

import {Coalescer} from '../lib/coalescer.js';
import {readDocument} from '../lib/document.js';
import {isAnyLive} from '../lib/panel.js';
import {isIoError, promised, readWhole} from './asynchronous.js';

/** @typedef {import('../lib/document.js').Document} Document */
/** @typedef {import('../lib/notice.js').Trouble} Trouble */
/** @typedef {{document: Document | null, trouble: Trouble | null}} Reading */

/** Ten looks a second follow any figure; the exporter may publish far more often. */
const REST_MS = 100;
const MOST_BYTES = 8 * 1024 * 1024;

/**
 * Follows stats.json. The stamp is watched for speed, since GLib tells of changes in a busy folder late; the file
 * itself is the safety net, and a timer where a file system tells nothing.
 */
export class StatsFile {
    #places;
    #onReading;
    #cancellable = new Gio.Cancellable();
    #coalescer;
    /** @type {[Gio.FileMonitor, number][]} */
    #monitors = [];
    #intervalS;
    #timer = 0;
    /** @type {GLib.Bytes | null} */
    #bytes = null;
    /** @type {Reading} */
    #reading = {document: null, trouble: null};

    /**
     * @param {import('./places.js').Places} places
     * @param {number} intervalS of the timer
     * @param {(reading: Reading) => void} onReading called when there is something new
     */
    constructor(places, intervalS, onReading) {
        this.#places = places;
        this.#intervalS = intervalS;
        this.#onReading = onReading;
        this.#coalescer = new Coalescer(() => this.#read(), REST_MS, {
            nowMs: () => GLib.get_monotonic_time() / 1000,
            later: (job, delayMs) => GLib.timeout_add(GLib.PRIORITY_DEFAULT, Math.ceil(delayMs), () => {
                job();
                return GLib.SOURCE_REMOVE;
            }),
            forget: timer => GLib.source_remove(timer),
        });
        for (const file of [places.stamp, places.statsFile])
            this.#watch(file);
        this.look();
    }

    /** Reads the file soon. */
    look() {
        this.#coalescer.ask();
    }

    /** @param {number} intervalS */
    setInterval(intervalS) {
        this.#intervalS = intervalS;
        this.#stopTimer();
        this.#adjustTimer();
    }

    /** Ends everything; `onReading` is not called any more. */
    stop() {
        this.#cancellable.cancel();
        this.#coalescer.stop();
        this.#stopTimer();
        for (const [monitor, handler] of this.#monitors) {
            monitor.disconnect(handler);
            monitor.cancel();
        }
        this.#monitors = [];
    }

    /** @param {Gio.File} file */
    #watch(file) {
        try {
            const monitor = file.monitor_file(Gio.FileMonitorFlags.WATCH_MOVES, null);
            this.#monitors.push([monitor, monitor.connect('changed', () => this.look())]);
        } catch (error) {
            // Out of inotify watches, mostly: the other monitor or the timer still sees changes.
            console.warn(`opencode-stats: ${file.get_path()} can't be watched: ${error}`);
        }
    }

    async #read() {
        const reading = await this.#take();
        if (reading === null || this.#cancellable.is_cancelled())
            return;
        this.#reading = reading;
        this.#adjustTimer();
        try {
            this.#onReading(reading);
        } catch (error) {
            console.error(error, 'opencode-stats: figures could not be shown');
        }
    }

    /** @returns {Promise<Reading | null>} null where nothing changed */
    async #take() {
        try {
            const bytes = await readWhole(this.#places.statsFile, MOST_BYTES, this.#cancellable);
            if (bytes === null)
                return this.#troubled('too-large');
            if (this.#bytes?.equal(bytes))
                return null;
            this.#bytes = bytes;
            const {document, problem} = readDocument(new TextDecoder().decode(bytes.toArray()));
            return problem === null ? {document, trouble: null} : this.#troubled(problem);
        } catch (error) {
            this.#bytes = null;
            if (isIoError(error, Gio.IOErrorEnum.CANCELLED))
                return null;
            if (isIoError(error, Gio.IOErrorEnum.NOT_FOUND))
                return {document: null, trouble: await this.#isSetUp() ? 'missing' : 'not-set-up'};
            return this.#troubled('unreadable');
        }
    }

    /**
     * The figures of before stay where a file is damaged; those of another format are not known to be right.
     *
     * @param {Trouble} trouble
     * @returns {Reading}
     */
    #troubled(trouble) {
        return {document: trouble === 'newer' ? null : this.#reading.document, trouble};
    }

    async #isSetUp() {
        const {stateFolder} = this.#places;
        try {
            await promised(
                done => stateFolder.query_info_async(Gio.FILE_ATTRIBUTE_STANDARD_TYPE, Gio.FileQueryInfoFlags.NONE,
                    GLib.PRIORITY_DEFAULT, this.#cancellable, done),
                result => stateFolder.query_info_finish(result));
            return true;
        } catch {
            return false; // it is not there, or not ours to see
        }
    }

    /** The timer runs only while figures can change, or are awaited. */
    #adjustTimer() {
        const {document, trouble} = this.#reading;
        if (trouble === null && !isAnyLive(document)) {
            this.#stopTimer();
        } else if (this.#timer === 0) {
            this.#timer = GLib.timeout_add_seconds(GLib.PRIORITY_LOW, this.#intervalS, () => {
                this.look();
                return GLib.SOURCE_CONTINUE;
            });
        }
    }

    #stopTimer() {
        if (this.#timer !== 0)
            GLib.source_remove(this.#timer);
        this.#timer = 0;
    }
}

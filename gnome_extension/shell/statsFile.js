// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

import {Coalescer} from '../lib/coalescer.js';
import {readDocument} from '../lib/document.js';
import {isAnyLive} from '../lib/panel.js';
import {isIoError, promised, readWhole} from './asynchronous.js';
import {mainLoopClock} from './clock.js';

/** @typedef {import('../lib/document.js').Document} Document */
/** @typedef {import('../lib/notice.js').Trouble} Trouble */
/** @typedef {{document: Document | null, trouble: Trouble | null}} Reading */

/**
 * Twenty-five looks a second follow any figure; the exporter may publish far more often. It is also what a figure waits
 * for where OpenCode tells several things at once, as it does when a message ends: the first of them is read at once.
 */
const REST_MS = 40;
const MOST_BYTES = 8 * 1024 * 1024;

/**
 * Follows stats.json. The stamp is always watched. The file itself is the safety net, but not while an OpenCode runs
 * and there is a stamp: OpenCode's database beside it then keeps GLib busy, which reads inotify every 100 ms at most,
 * for all that it watches (measured: label after 95 ms instead of 2). The timer is the net then.
 */
export class StatsFile {
    #places;
    #onReading;
    #cancellable = new Gio.Cancellable();
    #coalescer;
    /** @type {Map<Gio.File, {monitor: Gio.FileMonitor, handler: number} | null>} null: it can't be watched */
    #monitors = new Map();
    #isStampThere = false;
    /** Whether only the timer asked for the reading to come. */
    #isTimerAlone = false;
    /** Whether something changed of which the stamp told nothing: another writer, then. */
    #isStampSilent = false;
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
        this.#coalescer = new Coalescer(() => this.#read(), REST_MS, mainLoopClock);
        this.#watch(places.stamp);
        this.#watch(places.statsFile);
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
        this.#adjustNets();
    }

    /** Ends everything; `onReading` is not called any more. */
    stop() {
        this.#cancellable.cancel();
        this.#coalescer.stop();
        this.#stopTimer();
        for (const file of [...this.#monitors.keys()])
            this.#unwatch(file);
    }

    /** @param {Gio.File} file */
    #watch(file) {
        if (this.#monitors.has(file))
            return;
        try {
            const monitor = file.monitor_file(Gio.FileMonitorFlags.WATCH_MOVES, null);
            const handler = monitor.connect('changed', (_monitor, _file, _other, event) => {
                if (file === this.#places.stamp) {
                    this.#isStampThere &&= event !== Gio.FileMonitorEvent.DELETED;
                    this.#isStampSilent = false;
                }
                this.#isTimerAlone = false;
                this.look();
                // GLib is blind for 100 ms after it told of a change, and OpenCode seldom tells one thing alone: what
                // was published just after is found by the second look, which costs nothing where nothing was.
                this.look();
            });
            this.#monitors.set(file, {monitor, handler});
        } catch (error) {
            // Out of inotify watches, mostly: the other monitor or the timer still sees changes.
            console.warn(`opencode-stats: ${file.get_path()} can't be watched: ${error}`);
            this.#monitors.set(file, null);
        }
    }

    /** @param {Gio.File} file */
    #unwatch(file) {
        const watched = this.#monitors.get(file);
        watched?.monitor.disconnect(watched.handler);
        watched?.monitor.cancel();
        this.#monitors.delete(file);
    }

    async #read() {
        const isTimerAlone = this.#isTimerAlone;
        this.#isTimerAlone = false;
        const reading = await this.#take();
        this.#isStampSilent ||= isTimerAlone && (reading?.document ?? null) !== null;
        this.#isStampThere ||= await this.#exists(this.#places.stamp);
        if (this.#cancellable.is_cancelled())
            return;
        this.#reading = reading ?? this.#reading;
        this.#adjustNets();
        if (reading === null)
            return;
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
            if (bytes !== null && this.#bytes?.equal(bytes))
                return null;
            this.#bytes = bytes;
            if (bytes === null)
                return this.#troubled('too-large');
            const {document, problem} = readDocument(new TextDecoder().decode(bytes.toArray()));
            return problem === null ? {document, trouble: null} : this.#troubled(problem);
        } catch (error) {
            this.#bytes = null;
            if (isIoError(error, Gio.IOErrorEnum.CANCELLED))
                return null;
            if (isIoError(error, Gio.IOErrorEnum.NOT_FOUND))
                return {document: null, trouble: await this.#exists(this.#places.stateFolder) ? 'missing' : 'not-set-up'};
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

    /** @param {Gio.File} file */
    async #exists(file) {
        try {
            await promised(
                done => file.query_info_async(Gio.FILE_ATTRIBUTE_STANDARD_TYPE, Gio.FileQueryInfoFlags.NONE,
                    GLib.PRIORITY_DEFAULT, this.#cancellable, done),
                result => file.query_info_finish(result));
            return true;
        } catch {
            return false; // it is not there, or not ours to see
        }
    }

    /** The timer runs only while figures can change, or are awaited. */
    #adjustNets() {
        const {document, trouble} = this.#reading;
        const isLive = isAnyLive(document);
        if (isLive && this.#isStampThere && !this.#isStampSilent)
            this.#unwatch(this.#places.statsFile);
        else
            this.#watch(this.#places.statsFile);
        if (trouble === null && !isLive) {
            this.#stopTimer();
        } else if (this.#timer === 0) {
            this.#timer = GLib.timeout_add_seconds(GLib.PRIORITY_LOW, this.#intervalS, () => {
                this.#isTimerAlone = true;
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

// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

import {Coalescer} from '../lib/coalescer.js';
import {readDigest, readDocument} from '../lib/document.js';
import {readSection} from '../lib/models.js';
import {isAnyLive, isAnyWorking} from '../lib/panel.js';
import {decoded, isIoError, promised, readWhole} from './asynchronous.js';
import {mainLoopClock, nextTurn} from './clock.js';
import {isSameVersion, versionOf} from './version.js';

/** @typedef {import('../lib/document.js').Document} Document */
/** @typedef {import('../lib/notice.js').Trouble} Trouble */
/** @typedef {{document: Document | null, trouble: Trouble | null}} Reading */

/**
 * Twenty-five looks a second follow any figure; the exporter may publish far more often. It is also what a figure waits
 * for where OpenCode tells several things at once, as it does when a message ends: the first of them is read at once.
 */
const REST_MS = 40;
const MOST_BYTES = 8 * 1024 * 1024;
/** So soon the timer looks again while figures move: the second net, for a change of which no monitor told. */
const MOVING_S = 2;

/**
 * Follows stats.json. The exporter's stamp is always watched, and has in it what a panel shows: as long as it is a
 * digest of the very file that is there, the file is not read. The file itself is watched as safety net, but not while an
 * OpenCode runs and there is a stamp: OpenCode's database beside it then keeps GLib busy, which reads inotify every
 * 100 ms at most, for all that it watches (measured: label after 95 ms instead of 2). The timer is the net then.
 */
export class StatsFile {
    #places;
    #onReading;
    #cancellable = new Gio.Cancellable();
    #coalescer;
    /** @type {Map<Gio.File, {monitor: Gio.FileMonitor, handler: number} | null>} null: it can't be watched */
    #monitors = new Map();
    /**
     * Refers to the monitors for GObject. If JavaScript alone did, GJS would let go of a monitor after each of its signals
     * and have all of the Shell's garbage collected, 17 to 30 ms, every ten seconds for as long as OpenCode works.
     */
    #held = new Gio.ListStore();
    #isStampThere = false;
    /** Whether only the timer asked for the reading to come. */
    #isTimerAlone = false;
    /** Whether the timer found something of which the stamp has told nothing so far. */
    #isUntold = false;
    /** Whether it never did: another writer, then. */
    #isStampSilent = false;
    #intervalS;
    #timer = 0;
    #timerS = 0;
    /** @type {GLib.Bytes | null} of the file, where that was read last */
    #bytes = null;
    /** @type {{content: string, version: import('../lib/document.js').FileVersion} | null} where the stamp was enough */
    #digest = null;
    /** @type {Reading} */
    #reading = {document: null, trouble: null};
    /** @type {{of: Reading, whole: Promise<string | null>} | null} read for the models of a reading */
    #content = null;

    /**
     * @param {import('./places.js').Places} places
     * @param {number} intervalS of the timer while nothing moves
     * @param {(reading: Reading) => Promise<void>} onReading called when there is something new
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

    /** Reads soon. */
    look() {
        this.#coalescer.ask();
    }

    /**
     * A section with its models, for which the file may have to be read.
     *
     * @param {import('../lib/models.js').SectionKey} key
     * @returns {Promise<import('../lib/document.js').Section | null>} null where that can't be had
     */
    async section(key) {
        const {document} = this.#reading;
        if (document === null || document.isWhole)
            return document && document[key];
        const content = await this.#readContent();
        await nextTurn(); // a large one has taken a millisecond
        return content === null || this.#cancellable.is_cancelled() ? null : readSection(content, key);
    }

    /** Reads the file, so that it is there when a section is asked for. */
    fetch() {
        if (this.#reading.document?.isWhole === false)
            this.#readContent();
    }

    /** @returns {Promise<string | null>} of the file, read once for all who ask until there is another reading */
    #readContent() {
        if (this.#content?.of !== this.#reading) {
            const whole = readWhole(this.#places.statsFile, MOST_BYTES, this.#cancellable)
                .then(bytes => bytes && decoded(bytes))
                .catch(() => (this.#content = null)); // it went, or we end: the next reading says so
            this.#content = {of: this.#reading, whole};
        }
        return this.#content.whole;
    }

    /** @param {number} intervalS */
    setInterval(intervalS) {
        this.#intervalS = intervalS;
        this.#stopTimer();
        this.#adjustNets(false);
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
            const handler = monitor.connect('changed', () => {
                if (file === this.#places.stamp)
                    this.#isUntold = this.#isStampSilent = false;
                this.#isTimerAlone = false;
                this.look();
                // GLib is blind for 100 ms after it told of a change, and OpenCode seldom tells one thing alone: what
                // was published just after is found by the second look, which costs nothing where nothing was.
                this.look();
            });
            this.#held.append(monitor);
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
        if (watched) {
            watched.monitor.disconnect(watched.handler);
            watched.monitor.cancel();
            this.#held.remove(this.#held.find(watched.monitor)[1]);
        }
        this.#monitors.delete(file);
    }

    async #read() {
        const isTimerAlone = this.#isTimerAlone;
        this.#isTimerAlone = false;
        const reading = await this.#take();
        if (this.#cancellable.is_cancelled())
            return;
        this.#isStampSilent ||= isTimerAlone && this.#isUntold;
        this.#isUntold ||= isTimerAlone && (reading?.document ?? null) !== null;
        this.#reading = reading ?? this.#reading;
        this.#adjustNets(reading !== null);
        if (reading === null)
            return;
        await nextTurn(); // it has taken a millisecond, or some where it was large
        if (this.#cancellable.is_cancelled())
            return;
        try {
            await this.#onReading(reading);
        } catch (error) {
            console.error(error, 'opencode-stats: figures could not be shown');
        }
    }

    /** @returns {Promise<Reading | null>} null where nothing changed */
    async #take() {
        const told = await this.#takeDigest();
        return told === undefined ? this.#takeFile() : told;
    }

    /** @returns {Promise<Reading | null | undefined>} undefined where the file has to be read */
    async #takeDigest() {
        const {stamp, statsFile} = this.#places;
        const bytes = await readWhole(stamp, MOST_BYTES, this.#cancellable).catch(() => undefined);
        this.#isStampThere = bytes !== undefined;
        const content = bytes ? decoded(bytes) : '';
        // After the stamp: where the file was replaced between the two, it is of another version.
        const version = content === '' ? null : await versionOf(statsFile, this.#cancellable);
        if (version === null)
            return undefined;
        if (this.#digest?.content === content && isSameVersion(this.#digest.version, version))
            return null;
        const document = readDigest(content, version);
        if (document === null)
            return undefined;
        this.#digest = {content, version};
        this.#bytes = this.#content = null;
        return {document, trouble: null};
    }

    /** @returns {Promise<Reading | null>} null where nothing changed */
    async #takeFile() {
        this.#digest = this.#content = null;
        try {
            const bytes = await readWhole(this.#places.statsFile, MOST_BYTES, this.#cancellable);
            if (bytes !== null && this.#bytes?.equal(bytes))
                return null;
            this.#bytes = bytes;
            if (bytes === null)
                return this.#troubled('too-large');
            const content = decoded(bytes);
            await nextTurn(); // a large one has taken some milliseconds, and takes as many again
            const {document, problem} = readDocument(content);
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

    /**
     * The timer runs only while figures can change, or are awaited: often while they move, and once after they did.
     *
     * @param {boolean} isMoving
     */
    #adjustNets(isMoving) {
        const {document, trouble} = this.#reading;
        const isLive = isAnyLive(document);
        if (isLive && trouble === null && this.#isStampThere && !this.#isStampSilent)
            this.#unwatch(this.#places.statsFile);
        else
            this.#watch(this.#places.statsFile);
        if (trouble === null && !isLive) {
            this.#stopTimer();
            return;
        }
        const isAwaited = this.#isUntold && !this.#isStampSilent;
        const isSoon = trouble === null && (isMoving || isAwaited || isAnyWorking(document));
        this.#startTimer(isSoon ? Math.min(MOVING_S, this.#intervalS) : this.#intervalS);
    }

    /** @param {number} delayS a timer that comes before that stays as it is */
    #startTimer(delayS) {
        if (this.#timer !== 0 && this.#timerS <= delayS)
            return;
        this.#stopTimer();
        this.#timerS = delayS;
        this.#timer = GLib.timeout_add_seconds(GLib.PRIORITY_DEFAULT, delayS, () => {
            this.#timer = 0;
            this.#isTimerAlone = true;
            this.look(); // and the reading starts the next
            return GLib.SOURCE_REMOVE;
        });
    }

    #stopTimer() {
        if (this.#timer !== 0)
            GLib.source_remove(this.#timer);
        this.#timer = 0;
    }
}

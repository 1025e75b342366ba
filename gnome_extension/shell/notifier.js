// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check

import {gettext as _} from 'resource:///org/gnome/shell/extensions/extension.js';
import * as Main from 'resource:///org/gnome/shell/ui/main.js';
import * as MessageTray from 'resource:///org/gnome/shell/ui/messageTray.js';

import {NOTIFIED_KINDS, itemInWords, itemsToShow, subjectOf} from '../lib/attention.js';
import {whereItWorks} from '../lib/menu.js';
import {ownIcon} from './rows.js';
import {hasFocus, raiseWindow} from './terminalWindows.js';

/** @typedef {import('../lib/document.js').Item} Item */
/** @typedef {import('../lib/attention.js').Memory} Memory */

/** OpenCode can't go on without the user: its banner comes before others. */
const PRESSING = new Set(['permission', 'question', 'error']);
const SOUND = 'message-new-instant'; // freedesktop.org's sound naming

/** Tells of attention items, one notification for each run and each limit. */
export class Notifier {
    #folder;
    #settings;
    #memory;
    #speech;
    /** @type {MessageTray.Source | null} */
    #source = null;
    /** @type {Map<string, {notification: MessageTray.Notification, item: Item}>} */
    #shown = new Map();

    /**
     * @param {import('gi://Gio').default.File} folder of the extension
     * @param {import('gi://Gio').default.Settings} settings
     * @param {Memory} memory
     * @param {import('../lib/menu.js').Speech} speech
     */
    constructor(folder, settings, memory, speech) {
        this.#folder = folder;
        this.#settings = settings;
        this.#memory = memory;
        this.#speech = speech;
    }

    /** @param {import('../lib/menu.js').Speech} speech */
    setSpeech(speech) {
        this.#speech = speech;
    }

    /** @param {Item[]} items all that there are now, newest first */
    show(items) {
        this.#memory.noteTime(Date.now());
        const ids = new Set(items.map(item => item.id));
        for (const {notification, item} of [...this.#shown.values()]) {
            if (!ids.has(item.id)) // answered, or gone on with
                notification.destroy(MessageTray.NotificationDestroyedReason.EXPIRED);
        }
        for (const item of itemsToShow(items, this.#memory, this.#rules(), isLookedAt(this.#settings)))
            this.#notify(item);
    }

    /** Takes every notification away. */
    stop() {
        this.#source?.destroy(MessageTray.NotificationDestroyedReason.SOURCE_CLOSED);
        this.#source = null;
        this.#shown.clear();
    }

    #rules() {
        const isOn = this.#settings.get_boolean('notify');
        const wanted = NOTIFIED_KINDS.filter(kind => isOn && this.#settings.get_boolean(`notify-${kind}`));
        return {kinds: new Set(wanted), minimumTurnMs: this.#settings.get_uint('notify-minimum-turn') * 1000};
    }

    /** @param {Item} item */
    #notify(item) {
        this.#shown.get(subjectOf(item))?.notification.destroy(MessageTray.NotificationDestroyedReason.REPLACED);
        const {instants} = this.#speech;
        const turn = item.turnMs === null ? '' : instants.length(item.turnMs);
        const source = this.#ensureSource();
        const notification = new MessageTray.Notification({
            source,
            ...itemInWords(item, whereItWorks(item.folder, this.#speech), turn, this.#speech),
            gicon: ownIcon(this.#folder, PRESSING.has(item.kind) ? 'attention' : 'normal'),
            urgency: PRESSING.has(item.kind) ? MessageTray.Urgency.HIGH : MessageTray.Urgency.NORMAL,
        });
        if (this.#settings.get_boolean('notify-sound'))
            notification.sound = new MessageTray.Sound(null, SOUND);
        notification.connect('activated', () => raiseWindow(item.pids));
        notification.connect('destroy', () => {
            if (this.#shown.get(subjectOf(item))?.notification === notification)
                this.#shown.delete(subjectOf(item));
        });
        this.#shown.set(subjectOf(item), {notification, item});
        source.addNotification(notification);
    }

    #ensureSource() {
        if (this.#source === null) {
            const source = new MessageTray.Source({title: _('OpenCode'), icon: ownIcon(this.#folder, 'normal')});
            // The tray destroys a source with its last notification.
            source.connect('destroy', () => {
                if (this.#source === source)
                    this.#source = null;
            });
            Main.messageTray.add(source);
            this.#source = source;
        }
        return this.#source;
    }
}

/**
 * @param {import('gi://Gio').default.Settings} settings
 * @returns {(item: Item) => boolean}
 */
function isLookedAt(settings) {
    return settings.get_boolean('notify-focused') ? () => false : ({pids}) => hasFocus(pids);
}

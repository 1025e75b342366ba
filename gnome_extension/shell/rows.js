// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check
// The menu's other rows: a run, a limit, a notice.

import Gio from 'gi://Gio';
import GObject from 'gi://GObject';
import Pango from 'gi://Pango';
import St from 'gi://St';

import * as PopupMenu from 'resource:///org/gnome/shell/ui/popupMenu.js';

import {BarItem, READ_ONLY, label} from './barItem.js';
import {verticalBox} from './vertical.js';

/** @typedef {import('../lib/menu.js').RunRow} RunRow */
/** @typedef {import('../lib/menu.js').LimitRow} LimitRow */

const RUN_ICONS = {working: 'working', waiting: 'waiting', idle: 'resting'};

/**
 * An icon of ours.
 *
 * @param {Gio.File} folder of the extension
 * @param {string} name
 */
export function ownIcon(folder, name) {
    return new Gio.FileIcon({file: folder.resolve_relative_path(`icons/opencode-stats-${name}-symbolic.svg`)});
}

/** A live OpenCode; activating it brings its terminal window to the front. */
export const RunItem = GObject.registerClass(
class OpencodeStatsRunItem extends PopupMenu.PopupBaseMenuItem {
    /**
     * @param {Gio.File} folder of the extension
     * @param {(pids: number[]) => void} raise
     */
    constructor(folder, raise) {
        super();
        this._folder = folder;
        /** @type {number[]} */
        this._pids = [];
        /** @type {RunRow['icon'] | null} */
        this._shownIcon = null;
        this.add_style_class_name('opencode-stats-run');
        this._icon = new St.Icon({style_class: 'popup-menu-icon'});
        this._title = label('opencode-stats-name', {x_expand: true});
        this._state = label('opencode-stats-detail');
        for (const part of [this._icon, this._title, this._state])
            this.add_child(part);
        this.connect('activate', () => raise(this._pids));
    }

    /** @param {RunRow} row */
    show_row(row) {
        this._pids = row.pids;
        if (row.icon !== this._shownIcon)
            this._icon.gicon = ownIcon(this._folder, RUN_ICONS[row.icon]);
        this._shownIcon = row.icon;
        this._title.text = row.title;
        this._state.text = row.state;
        this.accessible_name = row.spoken;
        if (row.icon === 'waiting')
            this.add_style_class_name('opencode-stats-waiting');
        else
            this.remove_style_class_name('opencode-stats-waiting');
    }
});

/** A limit, and how much of it is used. */
export const LimitItem = GObject.registerClass(
class OpencodeStatsLimitItem extends BarItem {
    constructor() {
        super('opencode-stats-since');
    }

    /** @param {LimitRow} row */
    show_row({name, detail, percent, spoken, share, level}) {
        this.show_texts({name, detail, amount: percent, spoken}, share, [1], [`-${level}-color`]);
    }
});

/** What is not as it should be. */
export const NoticeItem = GObject.registerClass(
class OpencodeStatsNoticeItem extends PopupMenu.PopupBaseMenuItem {
    constructor() {
        super(READ_ONLY);
        this._title = new St.Label({style_class: 'opencode-stats-notice-title'});
        this._sentence = new St.Label({style_class: 'opencode-stats-notice'});
        for (const part of [this._title, this._sentence]) {
            part.clutter_text.line_wrap = true;
            part.clutter_text.ellipsize = Pango.EllipsizeMode.NONE; // or a menu as high as the screen leaves it one line
        }
        const box = verticalBox({x_expand: true});
        box.add_child(this._title);
        box.add_child(this._sentence);
        this.add_child(box);
    }

    /** @param {import('../lib/notice.js').Notice | null} notice null hides it */
    show_notice(notice) {
        this.visible = notice !== null;
        this._title.text = notice?.title ?? '';
        this._sentence.text = notice?.sentence ?? '';
        this.accessible_name = `${this._title.text}. ${this._sentence.text}`;
    }
});

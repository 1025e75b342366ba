// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check

import GLib from 'gi://GLib';
import St from 'gi://St';

import {gettext as _} from 'resource:///org/gnome/shell/extensions/extension.js';
import * as PopupMenu from 'resource:///org/gnome/shell/ui/popupMenu.js';

import {daysChart, hoursChart} from '../lib/chart.js';
import {Coalescer} from '../lib/coalescer.js';
import {lastChange, limitRows, runRows, sectionDetails, sectionRows} from '../lib/menu.js';
import {noticeOf} from '../lib/notice.js';
import {Slices} from '../lib/slices.js';
import {Charts} from './chartArea.js';
import {mainLoopClock, nextTurn, turnsOf} from './clock.js';
import {forgetMenu, forgetPart} from './forget.js';
import {Pool} from './pool.js';
import {RefreshItem} from './refreshItem.js';
import {LimitItem, NoticeItem, RunItem} from './rows.js';
import {SectionItem} from './sectionItem.js';

/** @typedef {import('../lib/models.js').SectionKey} SectionKey */
/** @typedef {import('../lib/menu.js').Speech} Speech */
/** @typedef {import('./statsFile.js').Reading & {exporterAnswers: boolean | null}} Reading */
/**
 * @typedef {object} Deeds what the menu can do
 * @property {(key: SectionKey) => Promise<import('../lib/document.js').Section | null>} section with its models
 * @property {() => void} fetch has them there when they are asked for
 * @property {() => void} opened
 * @property {() => void} fit gives the menu the height for which there is room, as opening does
 * @property {() => void} refresh
 * @property {() => void} openFolder
 * @property {() => void} openPreferences
 * @property {(pids: number[]) => void} raise brings a terminal window to the front
 */

/** "5 minutes ago" has to move on while one looks at it. */
const CLOCK_S = 10;
/** Figures that change faster can't be read; laying out a menu is dear. */
const REST_MS = 500;

const SECTIONS = /** @type {const} */ (['session', 'today', 'total']);
/** One turn's part of making ready what is to be seen later. */
const WIDGETS_AT_ONCE = 6;

/**
 * The panel's menu. While it is closed nothing in it is touched, but once: when the first figures are there, it is filled
 * and given its style, so that the first opening does not have to. No piece of work takes longer than some milliseconds;
 * between two the Shell can draw and hear its user.
 */
export class StatsMenu {
    #menu;
    #speech;
    #deeds;
    /** @type {Reading} */
    #reading = {document: null, trouble: null, exporterAnswers: null};
    #clock = 0;
    #asked = new Coalescer(() => this.#fillIfOpen(), REST_MS, mainLoopClock);
    // Before the Shell draws next, so that an opening menu shows no figures of before.
    #filling = new Slices(turnsOf(GLib.PRIORITY_DEFAULT));
    #preparing = new Slices(turnsOf(GLib.PRIORITY_LOW));
    #isPrepared = false;
    #outcome = '';
    #building;
    #notice = new NoticeItem();
    /** @type {Partial<Record<import('../lib/menu.js').SectionName, InstanceType<typeof SectionItem>>>} */
    #sections = {};
    /** @type {Charts | null} */
    #charts = null;
    /** @type {Pool<import('../lib/menu.js').RunRow> | null} */
    #runs = null;
    /** @type {Pool<import('../lib/menu.js').LimitRow> | null} */
    #limits = null;
    /** @type {InstanceType<typeof RefreshItem> | null} */
    #refresh = null;
    /** @type {PopupMenu.PopupMenuItem | null} */
    #folder = null;

    /**
     * @param {PopupMenu.PopupMenu} menu
     * @param {import('gi://Gio').default.File} folder of the extension
     * @param {Speech} speech
     * @param {Deeds} deeds
     */
    constructor(menu, folder, speech, deeds) {
        this.#menu = menu;
        this.#speech = speech;
        this.#deeds = deeds;
        menu.actor.add_style_class_name('opencode-stats-menu');
        // The menu goes with its button, and its handlers with it.
        menu.connect('open-state-changed', (_menu, isOpen) => {
            this.#stopClock();
            this.#filling.stop();
            if (isOpen) {
                this.#preparing.stop();
                this.#isPrepared = true;
                this.#outcome = '';
                this.#startClock();
                this.#filling.begin(this.#opening());
            } else {
                this.#preparing.begin(style(this.#menu.actor)); // it lost the focus; the next opening finds that done
            }
            return undefined;
        });
        menu.addMenuItem(this.#notice); // a menu without any item does not open
        this.#building = this.#build(folder);
        this.#preparing.begin(this.#preparation());
    }

    /** @param {import('gi://Gio').default.File} folder */
    *#build(folder) {
        for (const name of SECTIONS) {
            yield;
            this.#sections[name] = this.#addSection(name === 'today' ? 'daily' : name);
        }
        yield;
        this.#runs = new Pool(this.#menu, () => new RunItem(folder, this.#deeds.raise));
        this.#limits = new Pool(this.#menu, () => new LimitItem());
        yield;
        this.#charts = new Charts(this.#menu);
        yield;
        this.#menu.addMenuItem(new PopupMenu.PopupSeparatorMenuItem());
        yield;
        this.#refresh = new RefreshItem(this.#deeds.refresh);
        this.#menu.addMenuItem(this.#refresh);
        this.#folder = new PopupMenu.PopupMenuItem(_('Open folder'));
        this.#folder.connect('activate', this.#deeds.openFolder);
        this.#menu.addMenuItem(this.#folder);
        this.#menu.addAction(_('Settings'), this.#deeds.openPreferences);
    }

    /** @param {Reading} reading */
    show(reading) {
        this.#reading = reading;
        if (this.#menu.isOpen) {
            this.#asked.ask();
        } else if (!this.#isPrepared && reading.document !== null) {
            this.#preparing.begin(this.#preparation());
        }
    }

    /** @param {Speech} speech */
    setSpeech(speech) {
        this.#speech = speech;
        this.show(this.#reading);
    }

    /** @param {string} text what came of asking for fresh figures; '' for when they last changed */
    showRefresh(text) {
        this.#outcome = text;
        this.show(this.#reading);
    }

    /** Called after the button and with it the menu were destroyed. */
    stop() {
        this.#asked.stop();
        this.#filling.stop();
        this.#preparing.stop();
        for (const part of [this.#runs, this.#limits])
            part?.stop();
        for (const section of Object.values(this.#sections))
            forgetPart(this.#menu, section.menu);
        forgetMenu(this.#menu);
        this.#stopClock();
    }

    #startClock() {
        this.#clock = GLib.timeout_add_seconds(GLib.PRIORITY_LOW, CLOCK_S, () => {
            this.#fill();
            return GLib.SOURCE_CONTINUE;
        });
    }

    #stopClock() {
        if (this.#clock !== 0)
            GLib.source_remove(this.#clock);
        this.#clock = 0;
    }

    /** @param {SectionKey} key */
    #addSection(key) {
        const item = new SectionItem(async () => {
            const section = await this.#deeds.section(key);
            return section && sectionDetails(section, this.#speech);
        });
        item.visible = false; // until there are figures
        this.#menu.addMenuItem(item);
        return item;
    }

    async #fillIfOpen() {
        await nextTurn(); // the panel's own figure was just changed
        if (this.#menu.isOpen)
            this.#fill();
    }

    #fill() {
        this.#filling.begin(this.#parts());
    }

    *#opening() {
        yield* this.#parts();
        yield;
        this.#deeds.fetch();
        this.#deeds.opened();
    }

    *#parts() {
        yield* this.#building;
        const {document} = this.#reading;
        const speech = this.#speech;
        const nowMs = Date.now();
        this.#notice.show_notice(noticeOf(this.#reading, speech.words));
        const rows = document && sectionRows(document, nowMs, speech);
        for (const name of SECTIONS)
            this.#sections[name]?.show_row(rows && rows[name]);
        if (this.#folder)
            this.#folder.visible = document !== null || this.#reading.trouble !== 'not-set-up';
        yield;
        this.#refresh?.show_outcome(this.#outcome || (document ? lastChange(document, nowMs, speech) : ''));
        yield* this.#runs?.show(document ? runRows(document, nowMs, speech) : []) ?? [];
        yield;
        yield* this.#limits?.show(document ? limitRows(document, nowMs, speech) : []) ?? [];
        yield;
        this.#charts?.show(document && hoursChart(document, nowMs, speech), document && daysChart(document, speech));
    }

    *#preparation() {
        yield* this.#building;
        if (this.#reading.document === null)
            return; // without figures little is to be seen
        this.#isPrepared = true;
        yield* this.#parts();
        yield;
        this.#deeds.fit();
        // The Shell finds out once what is to be seen of an actor in a state. An open menu has the keyboard's focus, an
        // open section is checked.
        this.#menu.actor.add_style_pseudo_class('focus');
        yield* style(this.#menu.actor);
        this.#menu.actor.remove_style_pseudo_class('focus');
        for (const section of Object.values(this.#sections)) {
            yield;
            section.add_style_pseudo_class('checked');
            [...widgetsOf(section)].forEach(widget => widget.ensure_style());
            section.remove_style_pseudo_class('checked'); // in this turn: it must not stay if the menu opens before the next
        }
        yield* style(this.#menu.actor);
        for (const item of this.#menu.box.get_children()) {
            yield;
            item.get_preferred_size(); // its letters are looked for in the fonts
        }
    }
}

/**
 * Has the Shell find out how a widget looks, and all below it.
 *
 * @param {St.Widget} widget
 */
function* style(widget) {
    let count = 0;
    for (const one of widgetsOf(widget)) {
        one.ensure_style();
        if (++count % WIDGETS_AT_ONCE === 0)
            yield;
    }
}

/**
 * A widget, and what is to be seen below it where that is.
 *
 * @param {St.Widget} widget
 * @returns {Generator<St.Widget>}
 */
function* widgetsOf(widget) {
    yield widget;
    for (const child of widget.get_children()) {
        if (child.visible && child instanceof St.Widget)
            yield* widgetsOf(child);
    }
}

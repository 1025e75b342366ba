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
import {Chart} from './chartArea.js';
import {mainLoopClock, nextTurn} from './clock.js';
import {forgetMenu, forgetPart} from './forget.js';
import {Pool} from './pool.js';
import {RefreshItem} from './refreshItem.js';
import {LimitItem, NoticeItem, RunItem} from './rows.js';
import {SectionItem} from './sectionItem.js';

/** @typedef {import('../lib/menu.js').Speech} Speech */
/** @typedef {import('./statsFile.js').Reading & {exporterAnswers: boolean | null}} Reading */
/**
 * @typedef {object} Deeds what the menu can do
 * @property {() => Promise<import('../lib/document.js').Document | null>} whole what is shown, with its models
 * @property {() => void} opened
 * @property {() => void} refresh
 * @property {() => void} openFolder
 * @property {() => void} openPreferences
 * @property {(pids: number[]) => void} raise brings a terminal window to the front
 */

/** "5 minutes ago" has to move on while one looks at it. */
const CLOCK_S = 10;
/** Figures that change faster can't be read; laying out a menu is dear. */
const REST_MS = 500;

/** The panel's menu. While it is closed nothing in it is touched. */
export class StatsMenu {
    #menu;
    #speech;
    /** @type {Reading} */
    #reading = {document: null, trouble: null, exporterAnswers: null};
    #clock = 0;
    #filling = new Coalescer(() => this.#fillIfOpen(), REST_MS, mainLoopClock);
    #outcome = '';
    #sections;
    #notice = new NoticeItem();
    #hours = new Chart();
    #days = new Chart();
    #charts;
    #runs;
    #limits;
    #refresh;
    #folder;

    /**
     * @param {PopupMenu.PopupMenu} menu
     * @param {import('gi://Gio').default.File} folder of the extension
     * @param {Speech} speech
     * @param {Deeds} deeds
     */
    constructor(menu, folder, speech, deeds) {
        this.#menu = menu;
        this.#speech = speech;
        menu.actor.add_style_class_name('opencode-stats-menu');
        // First of all handlers, so that separators find the items of this opening. The menu goes with its button, and
        // its handlers with it.
        menu.connect('open-state-changed', (_menu, isOpen) => {
            this.#stopClock();
            if (isOpen) {
                this.#outcome = '';
                deeds.whole(); // so that it is there when a section is opened
                deeds.opened();
                this.#fill();
                this.#startClock();
            }
            return undefined;
        });
        menu.addMenuItem(this.#notice);
        this.#sections = {
            session: this.#addSection(deeds.whole, document => document.session),
            today: this.#addSection(deeds.whole, document => document.daily),
            total: this.#addSection(deeds.whole, document => document.total),
        };
        this.#runs = new Pool(menu, () => new RunItem(folder, deeds.raise));
        this.#limits = new Pool(menu, () => new LimitItem());
        this.#charts = this.#addCharts();
        menu.addMenuItem(new PopupMenu.PopupSeparatorMenuItem());
        this.#refresh = new RefreshItem(deeds.refresh);
        menu.addMenuItem(this.#refresh);
        this.#folder = new PopupMenu.PopupMenuItem(_('Open folder'));
        this.#folder.connect('activate', deeds.openFolder);
        menu.addMenuItem(this.#folder);
        menu.addAction(_('Settings'), deeds.openPreferences);
    }

    /** @param {Reading} reading */
    show(reading) {
        this.#reading = reading;
        if (this.#menu.isOpen)
            this.#filling.ask();
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
        this.#filling.stop();
        for (const part of [this.#runs, this.#limits])
            part.stop();
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

    /**
     * @param {Deeds['whole']} whole
     * @param {(document: import('../lib/document.js').Document) => import('../lib/document.js').Section} part
     */
    #addSection(whole, part) {
        const item = new SectionItem(async () => {
            const document = await whole();
            return document && sectionDetails(part(document), this.#speech);
        });
        this.#menu.addMenuItem(item);
        return item;
    }

    #addCharts() {
        const item = new PopupMenu.PopupBaseMenuItem({activate: false, hover: false});
        item.add_style_class_name('opencode-stats-charts');
        const box = new St.BoxLayout({x_expand: true, style_class: 'opencode-stats-charts-box'});
        // Two charts of one width, whatever their labels.
        box.layout_manager.homogeneous = true;
        box.add_child(this.#hours);
        box.add_child(this.#days);
        item.add_child(box);
        this.#menu.addMenuItem(new PopupMenu.PopupSeparatorMenuItem());
        this.#menu.addMenuItem(item);
        return item;
    }

    async #fillIfOpen() {
        await nextTurn(); // the panel's own figure was just changed
        if (this.#menu.isOpen)
            this.#fill();
    }

    #fill() {
        const {document} = this.#reading;
        const speech = this.#speech;
        const nowMs = Date.now();
        this.#notice.show_notice(noticeOf(this.#reading, speech.words));
        const rows = document && sectionRows(document, nowMs, speech);
        for (const name of /** @type {const} */ (['session', 'today', 'total'])) {
            this.#sections[name].visible = rows !== null;
            if (rows !== null)
                this.#sections[name].show_row(rows[name]);
        }
        this.#runs.show(document ? runRows(document, nowMs, speech) : []);
        this.#limits.show(document ? limitRows(document, nowMs, speech) : []);
        const hours = document && hoursChart(document, nowMs, speech);
        const days = document && daysChart(document, speech);
        this.#hours.show_view(hours);
        this.#days.show_view(days);
        this.#charts.visible = hours !== null || days !== null;
        this.#charts.accessible_name = [hours, days].map(chart => chart?.spoken ?? '').filter(text => text).join('. ');
        this.#refresh.show_outcome(this.#outcome || (document ? lastChange(document, nowMs, speech) : ''));
        this.#folder.visible = document !== null || this.#reading.trouble !== 'not-set-up';
    }
}

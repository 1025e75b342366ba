// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

import {gettext as _, ngettext} from 'resource:///org/gnome/shell/extensions/extension.js';
import * as Main from 'resource:///org/gnome/shell/ui/main.js';

import {Instants} from '../lib/instants.js';
import {languageTag} from '../lib/locale.js';
import {Numbers, US_DOLLARS} from '../lib/numbers.js';
import {panelView} from '../lib/panel.js';
import {promised} from './asynchronous.js';
import {nextTurn} from './clock.js';
import {askToTakeIn, isExporterThere} from './exporter.js';
import {StatsMenu} from './menu.js';
import {Notifier} from './notifier.js';
import {PanelButton} from './panelButton.js';
import {placesOf} from './places.js';
import {sayThatPanelIsThere} from './presence.js';
import {StatsFile} from './statsFile.js';
import {raiseWindow} from './terminalWindows.js';

/** @typedef {import('resource:///org/gnome/shell/extensions/extension.js').Extension} Extension */
/** @typedef {import('../lib/menu.js').Speech} Speech */

/** What readers of numbers, of times and of words go by can differ: each has its own locale category. */
const languageFor = category => languageTag(GLib.get_language_names_with_category(category)[0]);

/** Leads from the file to panel, menu and notifications, and from the menu's deeds back. */
export class Controller {
    #extension;
    #settings;
    #places;
    #undo;
    #cancellable = new Gio.Cancellable();
    /** @type {import('./menu.js').Reading} */
    #reading = {document: null, trouble: null, exporterAnswers: null};
    /** @type {Speech} */
    #speech;
    /** @type {InstanceType<typeof PanelButton> | null} */
    #button = null;
    /** @type {StatsMenu | null} */
    #menu = null;
    #notifier;
    /** @type {StatsFile | null} */
    #file = null;
    #currency = US_DOLLARS;

    /**
     * @param {Extension} extension
     * @param {import('../lib/attention.js').Memory} memory
     * @param {import('../lib/undo.js').UndoStack} undo takes what `disable()` has to undo
     */
    constructor(extension, memory, undo) {
        this.#extension = extension;
        this.#undo = undo;
        this.#settings = extension.getSettings();
        this.#places = placesOf(this.#settings);
        this.#speech = this.#makeSpeech();
        this.#notifier = new Notifier(extension.dir, this.#settings, memory, this.#speech);
        undo.add(() => this.#cancellable.cancel());
    }

    /** Begins, in pieces between which the Shell has a turn, unless all was undone meanwhile. */
    async begin() {
        const pieces = this.#pieces();
        while (!this.#cancellable.is_cancelled() && !pieces.next().done)
            await nextTurn(); // eslint-disable-line no-await-in-loop -- a turn for each is what this is for
    }

    *#pieces() {
        yield;
        this.#speech.numbers.exactTokens(0); // the engine takes some milliseconds for the first number, whatever it is
        yield;
        this.#undo.add(() => this.#removeButton()); // before, since adding can fail with the button half made
        this.#button = new PanelButton(this.#extension.dir);
        this.#showPanel();
        yield;
        this.#placeButton();
        yield;
        this.#addMenu();
        this.#undo.add(() => this.#notifier.stop());
        this.#undo.add(sayThatPanelIsThere());
        yield;
        this.#follow();
        this.#undo.add(() => this.#file?.stop());
        this.#followSettings();
    }

    #follow() {
        this.#file?.stop();
        this.#file = new StatsFile(this.#places, this.#settings.get_uint('fallback-interval'), reading => this.#show(reading));
    }

    #speakAnew() {
        this.#speech = this.#makeSpeech();
        this.#menu?.setSpeech(this.#speech);
        this.#notifier.setSpeech(this.#speech);
    }

    #followSettings() {
        const speak = () => {
            this.#speakAnew();
            this.#showPanel();
        };
        const moveOn = () => {
            this.#places = placesOf(this.#settings);
            this.#follow();
        };
        /** @type {Record<string, () => void>} */
        const followers = {
            'panel-figure': () => this.#showPanel(),
            'panel-content': () => this.#showPanel(),
            'number-style': speak,
            'show-cost': speak,
            'panel-position': () => this.#placeButton(),
            'fallback-interval': () => this.#file?.setInterval(this.#settings.get_uint('fallback-interval')),
            'stats-file': moveOn,
            'state-folder': moveOn,
        };
        for (const [key, follow] of Object.entries(followers)) {
            const handler = this.#settings.connect(`changed::${key}`, follow);
            this.#undo.add(() => this.#settings.disconnect(handler));
        }
    }

    /** @returns {Speech} */
    #makeSpeech() {
        const style = this.#settings.get_string('number-style') === 'full' ? 'full' : 'compact';
        return {
            numbers: new Numbers(languageFor('LC_NUMERIC'), style, this.#currency),
            instants: new Instants(languageFor('LC_TIME')),
            words: {gettext: _, ngettext},
            showCost: this.#settings.get_boolean('show-cost'),
            home: GLib.get_home_dir(),
        };
    }

    /** Puts the button where the settings want it, from where it may have been so far. */
    #placeButton() {
        const {uuid} = this.#extension;
        const position = this.#settings.get_string('panel-position');
        delete Main.panel.statusArea[uuid]; // the panel adds none that it has
        Main.panel.addToStatusArea(uuid, /** @type {InstanceType<typeof PanelButton>} */ (this.#button), position === 'left' ? -1 : 0, position);
    }

    #addMenu() {
        const menu = /** @type {import('resource:///org/gnome/shell/ui/popupMenu.js').PopupMenu} */ (this.#button?.menu);
        this.#menu = new StatsMenu(menu, this.#extension.dir, this.#speech, {
            section: async key => this.#file?.section(key) ?? null,
            fetch: () => this.#file?.fetch(),
            opened: () => this.#askForExporter(),
            fit: () => this.#button?.fit_menu(),
            refresh: () => this.#refresh(),
            openFolder: () => this.#openFolder(),
            openPreferences: () => this.#extension.openPreferences(),
            raise: raiseWindow,
        });
        this.#menu.show(this.#reading);
    }

    #removeButton() {
        this.#button?.destroy();
        this.#button = null;
        this.#menu?.stop();
        this.#menu = null;
    }

    /** @param {import('./statsFile.js').Reading} reading */
    async #show(reading) {
        this.#reading = {...this.#reading, ...reading};
        const {code, perUsd} = reading.document?.currency ?? this.#currency;
        if (code !== this.#currency.code || perUsd !== this.#currency.perUsd) {
            this.#currency = {code, perUsd};
            this.#speakAnew();
        }
        this.#showPanel();
        await nextTurn();
        if (this.#cancellable.is_cancelled())
            return;
        this.#menu?.show(this.#reading);
        if (reading.trouble === null && reading.document !== null)
            this.#notifier.show(reading.document.items);
    }

    #showPanel() {
        const choice = /** @type {import('../lib/panel.js').PanelChoice} */ ({
            figure: this.#settings.get_string('panel-figure'),
            content: this.#settings.get_string('panel-content'),
        });
        this.#button?.show_view(panelView(this.#reading.document, choice, this.#speech.numbers, this.#speech.words));
    }

    async #askForExporter() {
        this.#showExporter(await isExporterThere(this.#places.socket, this.#cancellable));
    }

    async #refresh() {
        this.#menu?.showRefresh(_('Refreshing …'));
        this.#file?.look();
        const isDone = await askToTakeIn(this.#places.socket, this.#cancellable);
        this.#showExporter(isDone);
        this.#menu?.showRefresh(isDone ? _('Up to date') : _('The exporter does not run'));
    }

    /** @param {boolean | null} exporterAnswers */
    #showExporter(exporterAnswers) {
        if (this.#cancellable.is_cancelled())
            return;
        this.#reading = {...this.#reading, exporterAnswers};
        this.#menu?.show(this.#reading);
        this.#file?.look();
    }

    async #openFolder() {
        const folder = this.#places.statsFile.get_parent();
        try {
            const context = global.create_app_launch_context(0, -1);
            await promised(
                done => Gio.AppInfo.launch_default_for_uri_async(folder?.get_uri() ?? 'file:///', context, this.#cancellable, done),
                result => Gio.AppInfo.launch_default_for_uri_finish(result));
        } catch (error) {
            if (!this.#cancellable.is_cancelled())
                Main.notifyError(_('The folder can’t be opened'), error instanceof Error || error instanceof GLib.Error ? error.message : '');
        }
    }
}

// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check

import Clutter from 'gi://Clutter';
import GObject from 'gi://GObject';
import St from 'gi://St';

import * as PanelMenu from 'resource:///org/gnome/shell/ui/panelMenu.js';

import {followContrast} from './contrast.js';
import {ownIcon} from './rows.js';

/** @typedef {import('../lib/panel.js').PanelView} PanelView */

/** The icon and the figure in the panel. */
export const PanelButton = GObject.registerClass(
class OpencodeStatsPanelButton extends PanelMenu.Button {
    /** @param {import('gi://Gio').default.File} folder of the extension */
    constructor(folder) {
        super(0.5, '');
        this._folder = folder;
        /** @type {PanelView | null} */
        this._view = null;
        this.add_style_class_name('opencode-stats-button');
        const box = new St.BoxLayout({style_class: 'panel-status-indicators-box'});
        this._icon = new St.Icon({style_class: 'system-status-icon'});
        this._label = new St.Label({style_class: 'opencode-stats-figure', y_align: Clutter.ActorAlign.CENTER});
        box.add_child(this._icon);
        box.add_child(this._label);
        this.add_child(box);
        followContrast(this);
        followContrast(this.menu.actor);
    }

    /** @param {PanelView} view */
    show_view(view) {
        // What has not changed is not touched: each change of an actor has the panel laid out and painted.
        if (view.text !== this._view?.text) {
            this._label.text = view.text;
            this._label.visible = view.text !== '';
        }
        if (view.icon !== this._view?.icon) {
            this._icon.gicon = ownIcon(this._folder, view.icon);
            if (this._view !== null)
                this.remove_style_class_name(`opencode-stats-${this._view.icon}`);
            this.add_style_class_name(`opencode-stats-${view.icon}`);
        }
        if (view.spoken !== this._view?.spoken)
            this.accessible_name = view.spoken;
        this._view = view;
    }

    /** Gives the menu now the height that it would get when it opens: a style of its own, for all that is in it. */
    fit_menu() {
        /** @type {any} */ (this)._onOpenStateChanged(this.menu, false); // PanelMenu.Button's, which has no type
    }
});

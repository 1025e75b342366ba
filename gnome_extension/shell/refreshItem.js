// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check

import Clutter from 'gi://Clutter';
import GObject from 'gi://GObject';
import St from 'gi://St';

import {gettext as _} from 'resource:///org/gnome/shell/extensions/extension.js';
import * as PopupMenu from 'resource:///org/gnome/shell/ui/popupMenu.js';

/** Asks for fresh figures. The menu stays open, so that one sees them come. */
export const RefreshItem = GObject.registerClass(
class OpencodeStatsRefreshItem extends PopupMenu.PopupMenuItem {
    /** @param {() => void} refresh */
    constructor(refresh) {
        super(_('Refresh statistics'));
        this._refresh = refresh;
        this._outcome = new St.Label({
            style_class: 'opencode-stats-detail',
            x_expand: true,
            x_align: Clutter.ActorAlign.END,
            y_align: Clutter.ActorAlign.CENTER,
        });
        this.add_child(this._outcome);
    }

    /** @param {string} text what came of it, or how fresh the figures are */
    show_outcome(text) {
        this._outcome.text = text;
        this.accessible_name = [this.label.text, text].filter(part => part).join(', ');
    }

    // The 'activate' signal, which closes the menu, is not emitted.
    activate(_event) {
        this._refresh();
    }
});

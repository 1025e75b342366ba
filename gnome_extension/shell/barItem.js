// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check

import Clutter from 'gi://Clutter';
import GObject from 'gi://GObject';
import St from 'gi://St';

import * as PopupMenu from 'resource:///org/gnome/shell/ui/popupMenu.js';

import {ShareBar} from './shareBar.js';
import {verticalBox} from './vertical.js';

/** A row that the keyboard reaches and reads, and on which nothing happens. */
export const READ_ONLY = {activate: false, hover: false};

/**
 * @param {string} style
 * @param {Partial<St.Label.ConstructorProps>} [properties]
 */
export function label(style, properties = {}) {
    return new St.Label({style_class: style, y_align: Clutter.ActorAlign.CENTER, ...properties});
}

/** A name, two figures, and a bar below them. */
export const BarItem = GObject.registerClass(
class OpencodeStatsBarItem extends PopupMenu.PopupBaseMenuItem {
    /** @param {string} detailStyle of the first figure */
    constructor(detailStyle) {
        super(READ_ONLY);
        const line = new St.BoxLayout({x_expand: true});
        this._name = label('opencode-stats-name', {x_expand: true});
        this._detail = label(detailStyle);
        this._amount = label('opencode-stats-tokens');
        for (const part of [this._name, this._detail, this._amount])
            line.add_child(part);
        this._bar = new ShareBar();
        const box = verticalBox({x_expand: true, style_class: 'opencode-stats-model-box'});
        box.add_child(line);
        box.add_child(this._bar);
        this.add_child(box);
    }

    /**
     * @param {{name: string, detail: string, amount: string, spoken: string}} texts
     * @param {Parameters<InstanceType<typeof ShareBar>['show_share']>} bar
     */
    show_texts({name, detail, amount, spoken}, ...bar) {
        this._name.text = name;
        this._detail.text = detail;
        this._amount.text = amount;
        this._bar.show_share(...bar);
        this.accessible_name = spoken;
    }
});

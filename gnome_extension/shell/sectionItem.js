// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check

import Clutter from 'gi://Clutter';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import St from 'gi://St';

import {gettext as _} from 'resource:///org/gnome/shell/extensions/extension.js';
import * as PopupMenu from 'resource:///org/gnome/shell/ui/popupMenu.js';

import {Slices} from '../lib/slices.js';
import {BarItem, READ_ONLY, label} from './barItem.js';
import {turnsOf} from './clock.js';
import {verticalBox} from './vertical.js';

/** @typedef {import('../lib/menu.js').SectionRow} SectionRow */
/** @typedef {import('../lib/menu.js').SectionDetails} SectionDetails */
/** @typedef {import('../lib/menu.js').ModelRow} ModelRow */
/** @typedef {import('../lib/menu.js').KindRow} KindRow */

const ROWS_AT_ONCE = 4;

const ModelItem = GObject.registerClass(
class OpencodeStatsModelItem extends BarItem {
    constructor() {
        super('opencode-stats-cost');
        this.add_style_class_name('opencode-stats-model');
    }

    /** @param {ModelRow} row */
    show_row({name, cost, tokens, spoken, share, kinds}) {
        this.show_texts({name, detail: cost, amount: tokens, spoken}, share, kinds);
    }
});

/** All token kinds as one item, in two columns: the legend of the bars above. */
const KindsItem = GObject.registerClass(
class OpencodeStatsKindsItem extends PopupMenu.PopupBaseMenuItem {
    constructor() {
        super(READ_ONLY);
        const box = new St.BoxLayout({x_expand: true, style_class: 'opencode-stats-columns'});
        box.layout_manager.homogeneous = true;
        this._columns = [verticalBox({x_expand: true}), verticalBox({x_expand: true})];
        this._columns.forEach(column => box.add_child(column));
        this.add_child(box);
        /** @type {Map<string, {title: St.Label, tokens: St.Label}>} */
        this._lines = new Map();
    }

    /**
     * @param {KindRow[]} rows
     * @returns {Generator<void>} yields where others may have a turn
     */
    *show_rows(rows) {
        this.visible = rows.length > 0;
        for (const [index, {id, title, tokens}] of rows.entries()) {
            if (!this._lines.has(id))
                yield;
            const line = this._lines.get(id) ?? this._addLine(id, index < rows.length / 2 ? 0 : 1);
            line.title.text = title;
            line.tokens.text = tokens;
        }
        this.accessible_name = rows.map(({title, tokens}) => `${title} ${tokens}`).join(', ');
    }

    _addLine(id, column) {
        const style = id.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`);
        const swatch = new St.Widget({
            style_class: `opencode-stats-swatch opencode-stats-${style}`,
            y_align: Clutter.ActorAlign.CENTER,
        });
        const line = {title: label('opencode-stats-kind', {x_expand: true}), tokens: label('opencode-stats-kind-tokens')};
        const box = new St.BoxLayout({x_expand: true, style_class: 'opencode-stats-kind-box'});
        for (const part of [swatch, line.title, line.tokens])
            box.add_child(part);
        this._columns[column].add_child(box);
        this._lines.set(id, line);
        return line;
    }
});

/** Session, today or total: a row that opens to its models and token kinds. */
export const SectionItem = GObject.registerClass(
class OpencodeStatsSectionItem extends PopupMenu.PopupSubMenuMenuItem {
    /**
     * @param {() => Promise<SectionDetails | null>} details asked when it opens, and when the figures change while it is
     *     open
     */
    constructor(details) {
        super('', false);
        this._details = details;
        this.add_style_class_name('opencode-stats-section');
        this._since = label('opencode-stats-since');
        this._cost = label('opencode-stats-cost');
        this._tokens = label('opencode-stats-tokens');
        const arrow = this.get_n_children() - 1;
        this.insert_child_at_index(this._since, this.get_children().indexOf(this.label) + 1);
        this.insert_child_at_index(this._cost, arrow + 1);
        this.insert_child_at_index(this._tokens, arrow + 2); // the triangle stays last
        /** @type {InstanceType<typeof ModelItem>[]} */
        this._models = [];
        this._kinds = new KindsItem();
        /** @type {PopupMenu.PopupMenuItem | null} */
        this._more = null;
        // A menu without any item does not open; the others are made when it opens.
        this._nothing = new PopupMenu.PopupMenuItem('…', READ_ONLY);
        this._nothing.add_style_class_name('opencode-stats-quiet');
        this.menu.addMenuItem(this._nothing);
        this.menu.addMenuItem(this._kinds);
        this._filling = new Slices(turnsOf(GLib.PRIORITY_DEFAULT));
        this.connect('destroy', () => this._filling.stop());
        this.menu.connect('open-state-changed', (_menu, isOpen) => {
            if (isOpen)
                this._fill();
            else
                this._filling.stop();
            return undefined;
        });
    }

    /** @param {SectionRow | null} row null hides it */
    show_row(row) {
        this.visible = row !== null;
        if (row === null)
            return;
        this.label.text = row.title;
        this._since.text = row.detail;
        this._cost.text = row.cost;
        this._tokens.text = row.tokens;
        this.accessible_name = row.spoken;
        if (this.menu.isOpen)
            this._fill();
    }

    async _fill() {
        const details = await this._details();
        if (details !== null && this.menu.isOpen)
            this._filling.begin(this._parts(details));
    }

    /** @param {SectionDetails} details */
    *_parts(details) {
        this._nothing.label.text = _('Nothing yet');
        this._nothing.visible = details.models.length === 0;
        this._models.splice(details.models.length).forEach(item => item.destroy());
        for (const [index, row] of details.models.entries()) {
            if (index === this._models.length) {
                yield; // to make an item takes a millisecond
                this._models.push(new ModelItem());
                this.menu.addMenuItem(this._models[index], index);
                if (index === 0) {
                    yield;
                    this._learnToScroll();
                }
            } else if (index % ROWS_AT_ONCE === 0) {
                yield;
            }
            this._models[index].show_row(row);
        }
        yield;
        this._fillMore(details.more);
        yield* this._kinds.show_rows(details.kinds);
    }

    /** The Shell has a long section scroll when it opens again: a style of its own, found out here while there is little. */
    _learnToScroll() {
        this.menu.actor.add_style_pseudo_class('scrolled');
        this.menu.actor.remove_style_pseudo_class('scrolled');
    }

    /** @param {string} text */
    _fillMore(text) {
        if (text && this._more === null) {
            this._more = new PopupMenu.PopupMenuItem('', READ_ONLY);
            this._more.add_style_class_name('opencode-stats-quiet');
            this.menu.addMenuItem(this._more, this._models.length);
        }
        if (this._more !== null) {
            this._more.label.text = text;
            this._more.visible = text !== '';
        }
    }
});

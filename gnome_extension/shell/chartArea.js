// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check

import Atk from 'gi://Atk';
import Clutter from 'gi://Clutter';
import GObject from 'gi://GObject';
import St from 'gi://St';

import * as PopupMenu from 'resource:///org/gnome/shell/ui/popupMenu.js';

import {roundRectangle, setColour} from './drawing.js';
import {verticalBox} from './vertical.js';

/** @typedef {import('../lib/chart.js').ChartView} ChartView */
/** @typedef {import('../lib/chart.js').Bar} Bar */

const GAP = 0.25; // of what a bar and its gap take
const CORNER = 2;
const LEAST_HEIGHT = 2; // so that little is not nothing
const EMPTY_STRENGTH = 0.15;
const PAST_STRENGTH = 0.55;

const Bars = GObject.registerClass({
    Signals: {'pointed-at': {param_types: [GObject.TYPE_INT]}},
}, class OpencodeStatsBars extends St.DrawingArea {
    constructor() {
        super({style_class: 'opencode-stats-bars', x_expand: true, reactive: true, track_hover: true});
        /** @type {Bar[]} */
        this._bars = [];
        this._painted = '';
        this._pointed = -1;
        this.connect('motion-event', (_actor, event) => {
            this._point(this._indexAt(event.get_coords()[0]));
            return Clutter.EVENT_PROPAGATE;
        });
        this.connect('notify::hover', () => {
            if (!this.hover)
                this._point(-1);
        });
    }

    /** @param {Bar[]} bars */
    show_bars(bars) {
        const painted = JSON.stringify(bars);
        if (painted === this._painted)
            return;
        this._painted = painted;
        this._bars = bars;
        this.queue_repaint();
    }

    _indexAt(stageX) {
        const [left] = this.get_transformed_position();
        const [width] = this.get_transformed_size();
        const index = Math.floor((stageX - left) / width * this._bars.length);
        const inside = Math.max(0, Math.min(this._bars.length - 1, index));
        return this._isMirrored() ? this._bars.length - 1 - inside : inside;
    }

    _point(index) {
        if (index === this._pointed)
            return;
        this._pointed = index;
        this.emit('pointed-at', index);
        this.queue_repaint();
    }

    _isMirrored() {
        return this.get_text_direction() === Clutter.TextDirection.RTL;
    }

    vfunc_repaint() {
        const cr = this.get_context();
        const foreground = this.get_theme_node().get_foreground_color();
        const [width, height] = this.get_surface_size();
        const step = width / this._bars.length;
        if (this._isMirrored()) {
            cr.translate(width, 0);
            cr.scale(-1, 1);
        }
        this._bars.forEach((bar, index) => {
            const isEmpty = bar.height === 0;
            const tall = isEmpty ? LEAST_HEIGHT : Math.max(LEAST_HEIGHT, bar.height * height);
            const isStrong = index === this._pointed || bar.isNow;
            roundRectangle(cr, (index + GAP / 2) * step, height - tall, step * (1 - GAP), tall, CORNER);
            setColour(cr, foreground, isEmpty && index !== this._pointed ? EMPTY_STRENGTH : isStrong ? 1 : PAST_STRENGTH);
            cr.fill();
        });
        cr.$dispose();
    }
});

/** A titled chart; the title gives way to the bar at which the pointer is. */
const Chart = GObject.registerClass(
class OpencodeStatsChart extends St.Widget {
    constructor() {
        super({
            style_class: 'opencode-stats-chart',
            layout_manager: new Clutter.BinLayout(),
            x_expand: true,
            accessible_role: Atk.Role.CHART,
        });
        const box = verticalBox({x_expand: true});
        const heading = new St.BoxLayout({x_expand: true});
        this._title = new St.Label({style_class: 'opencode-stats-caption'});
        this._value = new St.Label({style_class: 'opencode-stats-caption', x_expand: true, x_align: Clutter.ActorAlign.END});
        heading.add_child(this._title);
        heading.add_child(this._value);
        this._bars = new Bars();
        this._bars.connect('pointed-at', (_bars, index) => this._head(index));
        const axis = new St.BoxLayout({x_expand: true});
        this._first = new St.Label({style_class: 'opencode-stats-axis'});
        this._last = new St.Label({style_class: 'opencode-stats-axis', x_expand: true, x_align: Clutter.ActorAlign.END});
        axis.add_child(this._first);
        axis.add_child(this._last);
        for (const part of [heading, this._bars, axis])
            box.add_child(part);
        this.add_child(box);
        /** @type {ChartView | null} */
        this._view = null;
    }

    /** @param {ChartView | null} view null hides the chart */
    show_view(view) {
        this._view = view;
        this.visible = view !== null;
        if (view === null)
            return;
        this.accessible_name = view.spoken;
        this._first.text = view.first;
        this._last.text = view.last;
        this._bars.show_bars(view.bars);
        this._head(this._bars._pointed);
    }

    _head(index) {
        const bar = this._view?.describe(index);
        this._title.text = bar?.title ?? this._view?.title ?? '';
        this._value.text = bar?.text ?? '';
    }
});

/** Two charts of one width, whatever their labels, as one item of a menu. */
export class Charts {
    #separator = new PopupMenu.PopupSeparatorMenuItem();
    #item = new PopupMenu.PopupBaseMenuItem({activate: false, hover: false});
    #hours = new Chart();
    #days = new Chart();

    /** @param {PopupMenu.PopupMenu} menu */
    constructor(menu) {
        this.#item.add_style_class_name('opencode-stats-charts');
        const box = new St.BoxLayout({x_expand: true, style_class: 'opencode-stats-charts-box'});
        box.layout_manager.homogeneous = true;
        box.add_child(this.#hours);
        box.add_child(this.#days);
        this.#item.add_child(box);
        menu.addMenuItem(this.#separator);
        menu.addMenuItem(this.#item);
    }

    /**
     * @param {ChartView | null} hours
     * @param {ChartView | null} days
     */
    show(hours, days) {
        this.#hours.show_view(hours);
        this.#days.show_view(days);
        this.#separator.visible = this.#item.visible = hours !== null || days !== null;
        this.#item.accessible_name = [hours, days].map(chart => chart?.spoken ?? '').filter(text => text).join('. ');
    }
}

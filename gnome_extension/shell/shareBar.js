// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check

import Clutter from 'gi://Clutter';
import GObject from 'gi://GObject';
import St from 'gi://St';

import {roundRectangle, setColour} from './drawing.js';

/** The parts' colours, in the stylesheet, in the order of `KINDS`. */
const COLOURS = ['-input-color', '-output-color', '-reasoning-color', '-cache-read-color', '-cache-write-color'];

/** A bar whose length says how much, and whose colours say of what. */
export const ShareBar = GObject.registerClass(
class OpencodeStatsShareBar extends St.DrawingArea {
    constructor() {
        super({style_class: 'opencode-stats-share-bar', x_expand: true, y_align: Clutter.ActorAlign.CENTER});
        this._painted = '';
        this._share = 0;
        /** @type {number[]} */
        this._parts = [];
        this._colours = COLOURS;
    }

    /**
     * @param {number} share of the bar's length, 0 to 1
     * @param {number[]} parts of that share, together 1
     * @param {string[]} [colours] of the parts, as the stylesheet calls them
     */
    show_share(share, parts, colours = COLOURS) {
        // Painting is dear, and most bars stay as they are.
        const painted = JSON.stringify([share, parts, colours]);
        if (painted === this._painted)
            return;
        this._painted = painted;
        this._share = share;
        this._parts = parts;
        this._colours = colours;
        this.queue_repaint();
    }

    vfunc_repaint() {
        const cr = this.get_context();
        const node = this.get_theme_node();
        const [width, height] = this.get_surface_size();
        const isMirrored = this.get_text_direction() === Clutter.TextDirection.RTL;
        if (isMirrored) {
            cr.translate(width, 0);
            cr.scale(-1, 1);
        }
        roundRectangle(cr, 0, 0, width, height, height / 2);
        setColour(cr, node.get_foreground_color(), 0.15);
        cr.fill();

        const length = this._share > 0 ? Math.max(height, this._share * width) : 0;
        roundRectangle(cr, 0, 0, length, height, height / 2);
        cr.clip();
        let start = 0;
        this._parts.forEach((part, index) => {
            const [found, colour] = node.lookup_color(this._colours[index], false);
            setColour(cr, found ? colour : node.get_foreground_color());
            cr.rectangle(start, 0, part * length, height);
            cr.fill();
            start += part * length;
        });
        cr.$dispose();
    }
});

// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check
// What the drawing areas share. Colours come from the stylesheet, so that they follow light, dark and high contrast.

/**
 * A colour of the theme as cairo wants it.
 *
 * @param {any} cr a cairo context, which has no types
 * @param {{red: number, green: number, blue: number, alpha: number}} colour Clutter.Color in 46, Cogl.Color since 47
 * @param {number} [strength] 0 to 1
 */
export function setColour(cr, colour, strength = 1) {
    cr.setSourceRGBA(colour.red / 255, colour.green / 255, colour.blue / 255, colour.alpha / 255 * strength);
}

/**
 * The outline of a rectangle with round corners.
 *
 * @param {any} cr a cairo context, which has no types
 * @param {number} x
 * @param {number} y
 * @param {number} width
 * @param {number} height
 * @param {number} radius
 */
export function roundRectangle(cr, x, y, width, height, radius) {
    const round = Math.max(0, Math.min(radius, width / 2, height / 2));
    cr.newSubPath();
    cr.arc(x + width - round, y + round, round, -Math.PI / 2, 0);
    cr.arc(x + width - round, y + height - round, round, 0, Math.PI / 2);
    cr.arc(x + round, y + height - round, round, Math.PI / 2, Math.PI);
    cr.arc(x + round, y + round, round, Math.PI, 3 * Math.PI / 2);
    cr.closePath();
}

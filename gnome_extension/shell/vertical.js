// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check

import Clutter from 'gi://Clutter';
import St from 'gi://St';

/**
 * A box whose children are one below the other. Neither `vertical` (gone in 51) nor `orientation` (not yet in 46) can
 * be given to St.BoxLayout's constructor in all versions; its layout manager has the property in each.
 *
 * @param {Partial<St.BoxLayout.ConstructorProps>} [properties]
 */
export function verticalBox(properties = {}) {
    const box = new St.BoxLayout(properties);
    box.layout_manager.orientation = Clutter.Orientation.VERTICAL;
    return box;
}

// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check

import St from 'gi://St';

const STYLE = 'opencode-stats-high-contrast';

/**
 * Gives an actor a style class of its own while high contrast is on: the Shell knows no stylesheet of extensions for it.
 * It ends with the actor.
 *
 * @param {St.Widget} actor
 */
export function followContrast(actor) {
    const settings = St.Settings.get();
    const follow = () => {
        if (settings.high_contrast)
            actor.add_style_class_name(STYLE);
        else
            actor.remove_style_class_name(STYLE);
    };
    const handler = settings.connect('notify::high-contrast', follow);
    actor.connect('destroy', () => settings.disconnect(handler));
    follow();
}

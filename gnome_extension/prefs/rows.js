// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check
// Rows that show a setting and change it at once.

import Adw from 'gi://Adw';
import Gio from 'gi://Gio';
import Gtk from 'gi://Gtk';

/**
 * @param {Gio.Settings} settings
 * @param {string} key
 * @param {string} title
 * @param {string} [subtitle]
 */
export function switchRow(settings, key, title, subtitle = '') {
    const row = new Adw.SwitchRow({title, subtitle});
    settings.bind(key, row, 'active', Gio.SettingsBindFlags.DEFAULT);
    return row;
}

/**
 * @param {Gio.Settings} settings
 * @param {string} key
 * @param {string} title
 * @param {string} subtitle
 * @param {{lower: number, upper: number, step: number}} range as in the schema
 */
export function numberRow(settings, key, title, subtitle, {lower, upper, step}) {
    const adjustment = new Gtk.Adjustment({lower, upper, step_increment: step, page_increment: 10 * step});
    const row = new Adw.SpinRow({title, subtitle, adjustment, numeric: true});
    settings.bind(key, row, 'value', Gio.SettingsBindFlags.DEFAULT);
    return row;
}

/**
 * @param {Gio.Settings} settings
 * @param {string} key an enumeration
 * @param {string} title
 * @param {string[]} names of its values, in the schema's order
 */
export function choiceRow(settings, key, title, names) {
    const row = new Adw.ComboRow({title, model: Gtk.StringList.new(names), selected: settings.get_enum(key)});
    row.connect('notify::selected', () => settings.set_enum(key, row.selected));
    const handler = settings.connect(`changed::${key}`, () => row.set_selected(settings.get_enum(key)));
    row.connect('destroy', () => settings.disconnect(handler));
    return row;
}

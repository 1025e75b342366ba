// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check

import Adw from 'gi://Adw';
import Gio from 'gi://Gio';

import {ExtensionPreferences, gettext as _} from 'resource:///org/gnome/Shell/Extensions/js/extensions/prefs.js';

import {choiceRow, numberRow, switchRow} from './prefs/rows.js';

/** As wide as the toolkit has it, and so high that the first page is seen whole. */
const WIDTH = 640;
const HEIGHT = 670;

export default class OpencodeStatsPreferences extends ExtensionPreferences {
    /** @param {Adw.PreferencesWindow} window */
    fillPreferencesWindow(window) {
        const settings = this.getSettings();
        window.set_default_size(WIDTH, HEIGHT);
        window.add(panelPage(settings));
        window.add(notificationsPage(settings));
        return Promise.resolve();
    }
}

/** @param {Gio.Settings} settings */
function panelPage(settings) {
    const page = new Adw.PreferencesPage({title: _('Panel'), icon_name: 'go-top-symbolic'});
    page.add(group(_('Panel'), '', [
        choiceRow(settings, 'panel-figure', _('Figure'), [_('This session'), _('Today'), _('Total')]),
        choiceRow(settings, 'panel-content', _('Shown as'), [_('Tokens'), _('Cost'), _('Tokens and cost')]),
        choiceRow(settings, 'panel-position', _('Position'), [_('Left'), _('Center'), _('Right')]),
    ]));
    page.add(group(_('Numbers'), '', [
        choiceRow(settings, 'number-style', _('Tokens'), [_('Short, as 1.23M'), _('In full, as 1,234,567')]),
        switchRow(settings, 'show-cost', _('Costs in the menu'), _('As OpenCode recorded them, in the currency set for opencode-stats')),
    ]));
    page.add(group(_('Updates'), _('Figures appear as they are published. Only file systems that tell nothing of changes need to be looked at.'), [
        numberRow(settings, 'fallback-interval', _('Look again after'), _('Seconds, while OpenCode runs'), {lower: 10, upper: 3600, step: 10}),
    ]));
    return page;
}

/** @param {Gio.Settings} settings */
function notificationsPage(settings) {
    const page = new Adw.PreferencesPage({title: _('Notifications'), icon_name: 'preferences-system-notifications-symbolic'});
    const kinds = group(_('When OpenCode'), '', [
        switchRow(settings, 'notify-finished', _('Has finished')),
        switchRow(settings, 'notify-permission', _('Asks for permission')),
        switchRow(settings, 'notify-question', _('Has a question')),
        switchRow(settings, 'notify-error', _('Stopped with an error')),
        switchRow(settings, 'notify-inactive', _('Has not done anything for a while'),
            _('After how long is a setting of the exporter')),
        switchRow(settings, 'notify-limit', _('Has nearly used up a limit'), _('Limits are settings of the exporter')),
    ]);
    const manner = group(_('Behavior'), '', [
        numberRow(settings, 'notify-minimum-turn', _('Minimum duration'),
            _('Seconds that OpenCode must have worked to be announced as finished'), {lower: 0, upper: 3600, step: 5}),
        switchRow(settings, 'notify-focused', _('Also when in focus'), _('While its terminal window has the keyboard’s focus')),
        switchRow(settings, 'notify-sound', _('Sound')),
    ]);
    page.add(group('', '', [
        switchRow(settings, 'notify', _('Notifications'), _('One for each OpenCode; a click leads to its terminal window')),
    ]));
    for (const part of [kinds, manner]) {
        settings.bind('notify', part, 'sensitive', Gio.SettingsBindFlags.GET);
        page.add(part);
    }
    return page;
}

/**
 * @param {string} title
 * @param {string} description
 * @param {Adw.PreferencesRow[]} rows
 */
function group(title, description, rows) {
    const made = new Adw.PreferencesGroup({title, description});
    rows.forEach(row => made.add(row));
    return made;
}

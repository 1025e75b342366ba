// SPDX-License-Identifier: GPL-2.0-or-later
// For tests only: what can be read in an extension's preferences. The Shell shows them in a process of their own, into
// which there is no other way than a screen reader's; so here the same window is made of the same parts. Run by
// `gjs -m`. The argument is the extension's id; prints a JSON array of texts.

import Adw from 'gi://Adw?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Gtk from 'gi://Gtk?version=4.0';

const PARTS = '/usr/share/gnome-shell/org.gnome.Shell.Extensions.src.gresource';
const FOLDER = 'resource:///org/gnome/Shell/Extensions/js';

/** Every widget below one, itself first. */
function all(widget) {
    const found = [widget];
    for (let child = widget.get_first_child(); child; child = child.get_next_sibling())
        found.push(...all(child));
    return found;
}

Gio.Resource.load(PARTS)._register();
Adw.init();
const {extensionManager} = await import(`${FOLDER}/extensionsService.js`);
const {ExtensionPrefsDialog} = await import(`${FOLDER}/extensionPrefsDialog.js`);
const information = Gio.DBus.session.call_sync(
    'org.gnome.Shell.Extensions', '/org/gnome/Shell/Extensions', 'org.gnome.Shell.Extensions', 'GetExtensionInfo',
    new GLib.Variant('(s)', ARGV), null, Gio.DBusCallFlags.NONE, -1, null);
const [serialized] = information.deepUnpack();
const dialog = new ExtensionPrefsDialog(extensionManager.createExtensionObject(serialized));
const loop = new GLib.MainLoop(null, false);
dialog.connect('loaded', () => loop.quit());
await loop.runAsync();
print(JSON.stringify(all(dialog).filter(one => one instanceof Gtk.Label && one.label).map(one => one.label)));

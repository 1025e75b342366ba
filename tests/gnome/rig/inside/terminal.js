// SPDX-License-Identifier: GPL-2.0-or-later
// For tests only: what a terminal is to a desktop. A window named by the first argument,
// and a child of it that does nothing, as OpenCode is a terminal's child. Run by `gjs -m`. The second argument is a file that takes the pid of the child.

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Gtk from 'gi://Gtk?version=4.0';

const [name, child] = ARGV;
Gtk.init();
const sleeper = Gio.Subprocess.new(['sleep', '3600'], Gio.SubprocessFlags.NONE);
GLib.file_set_contents(child, `${sleeper.get_identifier()}\n`);
const window = new Gtk.Window({title: name, default_width: 480, default_height: 320});
window.set_child(new Gtk.Label({label: name}));
window.present();
new GLib.MainLoop(null, false).run();

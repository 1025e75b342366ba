// SPDX-License-Identifier: GPL-2.0-or-later
// For tests only: JavaScript and photographs over the session bus. The Shell's own unsafe mode would do as well, but
// puts an icon into the panel and a notification on the screen.

import Clutter from 'gi://Clutter';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import Meta from 'gi://Meta';
import Shell from 'gi://Shell';
import St from 'gi://St';
import System from 'system';

import {Extension} from 'resource:///org/gnome/shell/extensions/extension.js';
import * as Main from 'resource:///org/gnome/shell/ui/main.js';
import * as MessageTray from 'resource:///org/gnome/shell/ui/messageTray.js';

const NAME = 'io.github.opencode_stats.Rig';
const INTERFACE = `<node><interface name="${NAME}">
  <method name="Run"><arg type="s" direction="in"/><arg type="b" direction="out"/><arg type="s" direction="out"/></method>
  <method name="Photograph"><arg type="s" direction="in"/><arg type="b" direction="out"/><arg type="s" direction="out"/></method>
</interface></node>`;
const UUID = 'opencode-stats@opencode-stats.github.io';
const POINTER_SETTLES_MS = 40;
const KEY_HELD_MS = 20;
const AsyncFunction = (async () => {}).constructor;

/** @type {Record<string, any>} what outlives one call */
const kept = {};

function seat() {
    const backend = global.stage.get_context?.()?.get_backend?.() ?? Clutter.get_default_backend();
    return backend.get_default_seat();
}

/** @param {number} ms */
function pause(ms) {
    return new Promise(resolve => GLib.timeout_add(GLib.PRIORITY_DEFAULT, ms, () => {
        resolve(true);
        return GLib.SOURCE_REMOVE;
    }));
}

/** Real input events, as a mouse makes them. */
async function click(x, y) {
    kept.pointer ??= seat().create_virtual_device(Clutter.InputDeviceType.POINTER_DEVICE);
    await pause(POINTER_SETTLES_MS);
    kept.pointer.notify_absolute_motion(GLib.get_monotonic_time(), x, y);
    await pause(POINTER_SETTLES_MS);
    const [atX, atY] = global.get_pointer();
    if (Math.abs(atX - x) > 1 || Math.abs(atY - y) > 1)
        throw new Error(`the pointer is at ${atX},${atY}, not at ${x},${y}`);
    for (const state of [Clutter.ButtonState.PRESSED, Clutter.ButtonState.RELEASED]) {
        kept.pointer.notify_button(GLib.get_monotonic_time(), Clutter.BUTTON_PRIMARY, state);
        await pause(POINTER_SETTLES_MS);
    }
    return true;
}

async function moveTo(x, y) {
    kept.pointer ??= seat().create_virtual_device(Clutter.InputDeviceType.POINTER_DEVICE);
    kept.pointer.notify_absolute_motion(GLib.get_monotonic_time(), x, y);
    await pause(POINTER_SETTLES_MS);
    return true;
}

function clickActor(actor) {
    const [x, y] = actor.get_transformed_position();
    const [width, height] = actor.get_transformed_size();
    return click(x + width / 2, y + height / 2);
}

async function key(keyval) {
    kept.keyboard ??= seat().create_virtual_device(Clutter.InputDeviceType.KEYBOARD_DEVICE);
    for (const state of [Clutter.KeyState.PRESSED, Clutter.KeyState.RELEASED]) {
        kept.keyboard.notify_keyval(GLib.get_monotonic_time(), keyval, state);
        await pause(KEY_HELD_MS);
    }
    return true;
}

function painted() {
    return new Promise(resolve => {
        const handler = global.stage.connect('after-paint', () => {
            global.stage.disconnect(handler);
            resolve(true);
        });
        global.stage.queue_redraw();
    });
}

const button = () => Main.panel.statusArea[UUID];
/** Every actor below one that can be seen, itself first. */
function seen(actor) {
    return actor.visible ? [actor, ...actor.get_children().flatMap(seen)] : [];
}
/** What can be read below an actor, in its order. */
function texts(actor) {
    return seen(actor).filter(one => one instanceof St.Label && one.text).map(one => one.text);
}
/** Every object below an actor, seen or not. */
function all(actor) {
    return [actor, ...actor.get_children().flatMap(all)];
}
/** The panel's text; nothing where there is no button, nor just after it is enabled. */
const label = () => (button() ? all(button()) : []).find(one => one instanceof St.Label);

export default class Rig extends Extension {
    enable() {
        this._exported = Gio.DBusExportedObject.wrapJSObject(INTERFACE, this);
        this._exported.export(Gio.DBus.session, '/rig');
        this._name = Gio.DBus.session.own_name(NAME, Gio.BusNameOwnerFlags.NONE, null, null);
    }

    disable() {
        this._exported.unexport();
        this._exported = null;
        Gio.DBus.session.unown_name(this._name);
    }

    RunAsync([code], invocation) {
        const scope = {
            Clutter, Gio, GLib, GObject, Meta, Shell, St, System, Main, MessageTray,
            kept, pause, click, clickActor, moveTo, key, painted, button, label, seen, texts, all, UUID,
        };
        return answer(invocation, async () => {
            const body = new AsyncFunction(...Object.keys(scope), code);
            return JSON.stringify(await body(...Object.values(scope))) ?? 'null';
        });
    }

    PhotographAsync([path], invocation) {
        return answer(invocation, async () => {
            await painted();
            const stream = Gio.File.new_for_path(path).replace(null, false, Gio.FileCreateFlags.NONE, null);
            const camera = new Shell.Screenshot();
            await new Promise((resolve, reject) => {
                // The Shell has made a promise of this call for its own use; with a callback both forms work.
                camera.screenshot(false, stream, (_camera, result) => {
                    try {
                        resolve(camera.screenshot_finish(result));
                    } catch (error) {
                        reject(error);
                    }
                })?.then?.(resolve, reject);
            });
            stream.close(null);
            return path;
        });
    }
}

async function answer(invocation, job) {
    let isDone = true;
    let text;
    try {
        text = await job();
    } catch (error) {
        isDone = false;
        text = `${error}\n${error?.stack ?? ''}`;
    }
    invocation.return_value(new GLib.Variant('(bs)', [isDone, text]));
}

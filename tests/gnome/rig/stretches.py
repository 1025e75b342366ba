"""How long the extension holds the Shell's main loop at a time."""

from __future__ import annotations

from typing import Final

BLOCKED_MS: Final = 5.0
"""No longer than this."""
# Every piece of work of ours begins in a callback of GIO (a file was read or looked at), of a source that we made or of
# a signal that we follow; it lasts until the main loop has dispatched all that came of it: promises run in a source of
# their own, before any other. Counted is the time on the clock without what Linux says this thread waited for a
# processor in it (the second figure of schedstat), since other programs are at work here as well.
WATCH_STRETCHES: Final = """
    const [pid] = new TextDecoder().decode(GLib.file_get_contents('/proc/self/stat')[1]).split(' ');
    const schedule = `/proc/self/task/${pid}/schedstat`;
    const waitedMs = () => Number(new TextDecoder().decode(GLib.file_get_contents(schedule)[1]).split(' ')[1]) / 1e6;
    const clockMs = () => GLib.get_monotonic_time() / 1000;
    kept.stretches = [];
    kept.readings = 0;
    kept.restore = [];
    const idleAdd = GLib.idle_add;
    const measure = kept.measure = () => {
        const waited = waitedMs();
        const since = clockMs();
        idleAdd(-999, () => {
            const whole = clockMs() - since;
            kept.stretches.push([whole - (waitedMs() - waited), whole]);
            return GLib.SOURCE_REMOVE;
        });
    };
    const replace = (owner, name, make) => {
        const before = owner[name];
        owner[name] = make(before);
        kept.restore.push(() => (owner[name] = before));
    };
    // A setting that changes, and a file.
    replace(GObject.Object.prototype, 'connect', before => function (signal, handler) {
        return before.call(this, signal, !isOurs() || !signal.startsWith('changed') ? handler : (...rest) => {
            measure();
            return handler(...rest);
        });
    });
    const isOurs = () => new Error().stack.includes(UUID);
    const finishes = [
        [Gio.InputStream, 'read_bytes_finish'], [Gio.File, 'query_info_finish'], [Gio.File, 'read_finish'],
        [Gio.FileInputStream, 'query_info_finish'],
    ];
    for (const [{prototype}, name] of finishes) {
        replace(prototype, name, before => function (result) {
            if (isOurs()) {
                kept.readings += 1;
                measure();
            }
            return before.call(this, result);
        });
    }
    for (const name of ['idle_add', 'timeout_add', 'timeout_add_seconds']) {
        replace(GLib, name, before => function (...rest) {
            const job = rest.pop();
            return before.call(this, ...rest, !isOurs() ? job : () => {
                measure();
                return job();
            });
        });
    }
"""
"""From here on the Shell notes how long each piece of work of the extension holds its main loop."""
UNWATCH_STRETCHES: Final = "kept.restore.forEach(job => job()); return [kept.stretches, kept.readings]"
"""Ends that: for each piece its own and its whole time in ms, and how many files were read or looked at."""
TAKE_STRETCHES: Final = "return kept.stretches.splice(0)"
"""The pieces so far."""

"""Tells the user what asks for attention, once each: on the desktop, and to a command of the user's.

``look`` is called after every publishing and returns at once; a thread that lives as long as there is something to say
does the rest.
"""

from __future__ import annotations

import copy
import logging
import math
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from opencode_stats.core.notices import TOLD_WITHIN_MS, Rules, notice_of, notices
from opencode_stats.desktop.bus import can_speak, session_bus
from opencode_stats.desktop.hook import Hook
from opencode_stats.desktop.speaker import Answer, Speaker
from opencode_stats.desktop.told import Shown, keep_told, read_told
from opencode_stats.host.files import FILES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from opencode_stats.core.attention import AttentionItem
    from opencode_stats.core.notices import Notice
    from opencode_stats.core.stats import Problem
    from opencode_stats.host.clock import Clock
    from opencode_stats.host.files import Files
    from opencode_stats.host.paths import Paths
    from opencode_stats.settings import Settings

logger = logging.getLogger(__name__)

GATHERS_S: Final = 0.5
"""After something was shown, this long what comes next is gathered: many OpenCodes start no process each."""
AGAIN_AFTER_S: Final = (60.0, 300.0, 900.0)
"""What nobody took is tried again so long after the last time, while it still asks for attention."""
ENDS_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class _Job:
    """What to say, and the settings of that moment; ``content`` is the file that remembers it.

    ``again`` is what the command has been told of, but the desktop has not.
    """

    notices: Sequence[Notice]
    again: Sequence[Notice]
    gone: Sequence[str]
    settings: Settings
    content: bytes


@dataclass(slots=True)
class _Untold:
    """A notice that nobody took, how often that was so, and when to try again."""

    notice: Notice
    times: int
    again_s: float


class Herald:
    """Remembers in ``paths.told``; ``woken`` is called when there is something new in ``problems``."""

    def __init__(
        self,
        paths: Paths,
        env: Mapping[str, str],
        clock: Clock,
        woken: Callable[[], None],
        *,
        files: Files = FILES,
        speaking: Sequence[str] | None = None,
    ) -> None:
        self._env = env
        self._clock = clock
        self._speaking = speaking
        self._file = paths.told
        self._files = files
        self._home = env.get("HOME", "")
        self._told = read_told(paths.told, clock.now_ms())
        self._is_new = not paths.told.exists()
        self._attention = Hook("on_attention", env, clock, woken)
        self._open = Hook("on_open", env, clock, woken)
        self._speaker: Speaker | None = None
        if session_bus(env) and not self._can_speak():
            logger.info("desktop.silent reason='dbus-fast is not installed'")
        self._turn = threading.Lock()
        self._there: set[str] = set()
        self._news: dict[str, Notice] = {}
        self._again: dict[str, Notice] = {}
        self._untold: dict[str, _Untold] = {}
        self._gone: dict[str, None] = {}
        self._settings: Settings | None = None
        self._thread: threading.Thread | None = None
        self._shown: dict[str, Notice] = {}
        self._latest: tuple[Sequence[AttentionItem], Settings] | None = None
        self._error = ""
        self._stop = threading.Event()

    def look(self, items: Sequence[AttentionItem], settings: Settings, now_ms: int) -> None:
        """Tells what is news among these, the newest first, and takes away what is answered."""
        rules = Rules(settings.notify_kinds, settings.notify_minimum_turn_s * 1000)
        with self._turn:
            known = self._told.memory.added
            news = notices(items, self._told.memory, rules, self._home, now_ms)
            self._there = {item.id for item in items}
            self._latest = items, settings
            gone = self._take_gone()
            again = self._due(settings, now_ms)
            if self._told.memory.added == known and not gone and not again and not self._is_new:
                return
            self._is_new = False
            self._settings = settings
            self._gone |= dict.fromkeys(gone)
            self._again |= {one.subject: one for one in again}
            for one in news:
                self._gone.pop(one.subject, None)
                self._untold.pop(one.subject, None)
                self._again.pop(one.subject, None)
                self._news[one.subject] = one
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="herald", daemon=True)
                self._thread.start()

    def problems(self, now_ms: int) -> tuple[Problem, ...]:
        """What a command of the user's failed in."""
        return (*self._attention.problems(now_ms), *self._open.problems(now_ms))

    def end(self) -> None:
        """Says what is left to say, and ends what listens."""
        self._stop.set()
        with self._turn:
            thread = self._thread
        if thread is not None:
            thread.join(ENDS_S)
            if self._speaker is not None:
                self._speaker.stop()
            thread.join()
        if self._speaker is not None:
            self._speaker.end()
        self._attention.end()
        self._open.end()

    def _work(self) -> None:
        while True:
            with self._turn:
                if self._settings is None:
                    self._thread = None
                    return
                # What was answered meanwhile is no news any more.
                news = [one for one in self._news.values() if one.item.id in self._there]
                again = [one for one in self._again.values() if one.item.id in self._there]
                job = _Job(news, again, [*self._gone], self._settings, self._told.content())
                self._news, self._again, self._gone, self._settings = {}, {}, {}, None
            # Before it is said: what is said twice is worse than what a crash in this very moment leaves unsaid.
            self._keep(job.content)
            if job.settings.on_attention and job.notices:
                self._attention.run(job.settings.on_attention, job.notices)
            shown = (*job.again, *job.notices) if job.settings.notify else ()
            speaker = self._speaker_now() if job.gone or shown else None
            if speaker is not None:
                self._show(speaker, job, shown)
                self._stop.wait(GATHERS_S)

    def _speaker_now(self) -> Speaker | None:
        """Made when there is first something to say: the bus may be younger than the exporter."""
        if self._speaker is None:
            address = session_bus(self._env)
            if address and self._can_speak():
                self._speaker = Speaker(address, self._env, self._opened, self._speaking)
        return self._speaker

    def _can_speak(self) -> bool:
        return self._speaking is not None or can_speak()

    def _due(self, settings: Settings, now_ms: int) -> list[Notice]:
        """What nobody took, where it is time to try again; forgets what is answered, or too old."""
        for subject, one in [*self._untold.items()]:
            if one.notice.item.id not in self._there or one.notice.item.at_ms <= now_ms - TOLD_WITHIN_MS:
                del self._untold[subject]
        now_s = self._clock.elapsed_s()
        due = [one for one in self._untold.values() if settings.notify and now_s >= one.again_s]
        for one in due:
            # Until somebody says that it was not taken this time either.
            one.again_s = math.inf
        return [one.notice for one in due]

    def _note_untold(self, shown: Sequence[Notice], untold: Sequence[str]) -> None:
        now_s = self._clock.elapsed_s()
        for one in shown:
            before = self._untold.pop(one.subject, None)
            times = before.times + 1 if before is not None and before.notice is one else 0
            if one.subject in untold and one.subject not in self._news and times < len(AGAIN_AFTER_S):
                self._untold[one.subject] = _Untold(one, times, now_s + AGAIN_AFTER_S[times])

    def _show(self, speaker: Speaker, job: _Job, shown: Sequence[Notice]) -> None:
        with self._turn:
            before = copy.deepcopy(self._told.shown)
            for one in shown:
                self._shown[one.subject] = one
        answer = speaker.show(
            shown,
            job.gone,
            server=before.server,
            ids=before.ids,
            sound=job.settings.notify_sound,
            listen=bool(job.settings.on_open) and not self._stop.is_set(),
        )
        self._note(answer)
        ids = dict(answer.ids or {})
        with self._turn:
            items = {subject: item for subject, item in before.items.items() if subject in ids}
            items |= {
                one.subject: one.item.id for one in shown if one.subject not in answer.untold and one.subject in ids
            }
            self._note_untold(shown, answer.untold)
            self._told.shown = Shown(answer.server, ids, items)
            self._shown = {subject: one for subject, one in self._shown.items() if subject in ids}
            content = self._told.content()
            # What was answered while it was being shown.
            gone = self._take_gone()
            if gone:
                self._gone |= dict.fromkeys(subject for subject in gone if subject not in self._news)
                self._settings = self._settings or job.settings
        self._keep(content)

    def _take_gone(self) -> list[str]:
        """The subjects of what is shown and asks no more; from now on they are not known as shown."""
        shown = self._told.shown.items
        return [subject for subject, item_id in [*shown.items()] if item_id not in self._there and shown.pop(subject)]

    def _note(self, answer: Answer) -> None:
        """A desktop that can't show anything is no fault of the figures: it is in the log, once."""
        if answer.error != self._error:
            self._error = answer.error
            if answer.error:
                logger.warning("desktop.failed error=%s", answer.error)

    def _opened(self, subject: str, token: str) -> None:
        with self._turn:
            notice, latest = self._shown.get(subject), self._latest
            if notice is None and latest is not None:
                # An exporter before this one has shown it.
                item_id = self._told.shown.items.get(subject)
                notice = next((notice_of(one, self._home) for one in latest[0] if one.id == item_id), None)
        if notice is not None and latest is not None and latest[1].on_open:
            self._open.run(latest[1].on_open, [notice], {"XDG_ACTIVATION_TOKEN": token} if token else {})

    def _keep(self, content: bytes) -> None:
        try:
            keep_told(self._file, content, self._files)
        except OSError as error:
            # Told again after a restart, then: no reason not to tell it now.
            logger.warning("told.unkept error=%s", error)

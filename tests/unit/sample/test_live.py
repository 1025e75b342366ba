"""The live sample tells a story without an end, whose figures only grow."""

from __future__ import annotations

from itertools import islice
from random import Random

from tests.support.clock import NOON_MS

from opencode_stats.contract.line import parse_line
from opencode_stats.core.events import MessageSnapshot, ProcessKey, RequestClosed, RequestOpened
from opencode_stats.sample.live import story
from opencode_stats.sample.opencode import OpenCode
from opencode_stats.sample.scenes import PLACES


def test_a_long_story_is_well_told() -> None:
    rng = Random(3)
    one = OpenCode(ProcessKey(4711), rng, NOON_MS, PLACES[0])

    steps = [one.take_lines() for _ in islice(story(one, rng), 600)]
    events = [parse_line(line) for step in steps for line in step.splitlines()]

    assert [event.at_ms for event in events] == sorted(event.at_ms for event in events)
    opened = [event.request for event in events if isinstance(event, RequestOpened)]
    closed = [event.request for event in events if isinstance(event, RequestClosed)]
    assert len(opened) > 10
    assert opened[: len(closed)] == closed
    spent = [event.tokens.total for event in events if isinstance(event, MessageSnapshot) and event.tokens]
    assert sum(spent) > 10**6

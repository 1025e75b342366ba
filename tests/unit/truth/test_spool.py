from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import given
from tests.truth.history import history
from tests.truth.records import Answer
from tests.truth.size import Chances, Size
from tests.truth.spool import Faults, spool
from tests.truth.strategies import faults, histories
from tests.truth.total import sum_of, truth_of

from opencode_stats.contract.line import parse_line
from opencode_stats.core.events import ConversationSeen, ConversationUsage, MessageSnapshot, RunStarted, TitleRequested
from opencode_stats.core.tokens import NO_TOKENS, Tokens

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.truth.history import History
    from tests.truth.spool import Spool

LARGE = history(4, Size(messages=400, chances=Chances.lively()))


def snapshots(delivered: Spool) -> list[MessageSnapshot]:
    return [one for one in events(delivered) if isinstance(one, MessageSnapshot)]


def events(delivered: Spool) -> list[Any]:
    return [parse_line(line.removesuffix(b"\n")) for lines in delivered.files.values() for line in lines]


def known(seen: Iterable[MessageSnapshot], copies: frozenset[str]) -> dict[str, Tokens | None]:
    """What a reader that was told which messages are copies would know: the furthest snapshot of each of the others."""
    best: dict[str, tuple[int, Tokens | None]] = {}
    for one in seen:
        if one.message in copies:
            continue
        stage = 2 if one.completed_ms else 1 if one.finish else 0
        unknown = stage == 0 or (one.error is not None and one.tokens == NO_TOKENS)
        best[one.message] = max(
            best.get(one.message, (-1, None)), (stage, None if unknown else one.tokens), key=lambda pair: pair[0]
        )
    return {message: tokens for message, (_, tokens) in best.items()}


@given(histories(), faults(lost=0.2))
def test_what_is_told_is_the_truth(past: History, ways: Faults) -> None:
    truth, delivered = truth_of(past), spool(past, ways)
    told = known(snapshots(delivered), truth.copies)

    assert {name: told[name] for name in delivered.told} == {name: truth.spent[name].tokens for name in delivered.told}


@given(histories())
def test_without_faults_all_is_told_that_a_plugin_saw(past: History) -> None:
    truth, delivered = truth_of(past), spool(past)
    titles = {(one.conversation, one.message) for one in events(delivered) if isinstance(one, TitleRequested)}

    assert delivered.told == {name for name, one in truth.spent.items() if one.told}
    assert set(delivered.files) == {one.file_name for one in past.processes if not one.pure}
    assert titles == truth.titles_told
    assert sum_of(truth.spent[name] for name in delivered.told) == truth.only(lambda one: one.told)


@given(histories(), faults())
def test_every_file_starts_with_its_run(past: History, ways: Faults) -> None:
    names = {one.file_name: one for one in past.processes}
    for name, lines in spool(past, ways).files.items():
        first = parse_line(lines[0].removesuffix(b"\n"))

        assert isinstance(first, RunStarted)
        assert (first.run.pid, first.run.start_ticks) == (names[name].pid, names[name].start_ticks)
        assert first.api == names[name].api


@given(histories(eras=("v2", "migrated"), chances=Chances.lively(pure=0)))
def test_the_last_running_total_is_what_2x_charged(past: History) -> None:
    totals: dict[str, Tokens] = {}
    for one in events(spool(past)):
        if isinstance(one, ConversationUsage) and one.tokens.total >= totals.get(one.conversation, NO_TOKENS).total:
            totals[one.conversation] = one.tokens
    charged = truth_of(past).charged

    assert totals == {name: charged[name].tokens for name in totals}
    assert totals.keys() >= truth_of(past).auxiliary.keys()


def test_a_copy_of_1x_is_told_once_as_it_stands_and_after_its_conversation() -> None:
    seen: set[str] = set()
    told: list[MessageSnapshot] = []
    for one in events(spool(LARGE)):
        if isinstance(one, ConversationSeen):
            seen.add(one.conversation)
        elif isinstance(one, MessageSnapshot) and one.message in truth_of(LARGE).copies:
            assert one.conversation in seen
            told.append(one)
    entries = [entry for one in LARGE.conversations for entry in one.entries if entry.copy_of is not None]
    stands = {one.id: (one.created_ms, one.completed_ms, one.finish) for one in entries if isinstance(one, Answer)}

    assert told
    assert len({one.message for one in told}) == len(told)
    assert [(one.created_ms, one.completed_ms, one.finish) for one in told] == [stands[one.message] for one in told]


def test_three_updates_a_message() -> None:
    calm = history(2, Size(messages=10, chances=Chances.calm()))
    first = [one for one in snapshots(spool(calm)) if one.message == calm.answers[0].id]

    assert [(one.completed_ms is None, one.finish is None) for one in first] == [
        (True, True),
        (True, False),
        (False, False),
    ]
    assert len({one.event for one in first}) == 3


def test_faults_keep_what_they_promise() -> None:
    plain = [line for lines in spool(LARGE).files.values() for line in lines]
    repeated = [line for lines in spool(LARGE, Faults(repeated=0.5)).files.values() for line in lines]
    twice = [line for lines in spool(LARGE, Faults(second_copy=True)).files.values() for line in lines]
    reordered = spool(LARGE, Faults(reordered=True)).files
    scrambled = spool(LARGE, Faults(scrambled=True)).files
    lost = spool(LARGE, Faults(lost=0.3))

    assert len(plain) * 1.3 < len(repeated) < len(plain) * 1.7
    assert len(twice) == 2 * len(plain)
    assert per_message(reordered) == per_message(spool(LARGE).files) != per_message(scrambled)
    assert reordered != spool(LARGE).files
    assert {name: sorted(lines) for name, lines in scrambled.items()} == {
        name: sorted(lines) for name, lines in spool(LARGE).files.items()
    }
    assert sum(map(len, lost.files.values())) < 0.8 * len(plain)
    assert lost.told < spool(LARGE).told


def per_message(files: dict[str, list[bytes]]) -> dict[tuple[str, str], list[bytes]]:
    found: dict[tuple[str, str], list[bytes]] = {}
    for name, lines in files.items():
        for line in lines:
            message = json.loads(line).get("message")
            if message:
                found.setdefault((name, message), []).append(line)
    return found


def test_faults_follow_their_own_seed() -> None:
    ways = Faults(seed=1, repeated=0.3, lost=0.1, reordered=True)

    assert spool(LARGE, ways) == spool(LARGE, ways)
    assert spool(LARGE, ways) != spool(LARGE, replace(ways, seed=2))


def test_files_on_disk(tmp_path: Path) -> None:
    delivered = spool(LARGE)
    delivered.write(tmp_path / "spool")

    assert {path.name: path.read_bytes() for path in (tmp_path / "spool").iterdir()} == {
        name: b"".join(lines) for name, lines in delivered.files.items()
    }

"""Merging of hosts: order, grouping and repetition make no difference, and every message counts once."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st
from tests.support.clock import NOON_MS
from tests.support.ledgers import ledger_in_memory, rows, take
from tests.support.script import Script

from opencode_stats.core.hosts import Account, HostFileHead, HostMessage, merged
from opencode_stats.ledger.foreign import become_host, note_shared, own_messages, take_messages
from opencode_stats.ledger.hosts import usage_by_host
from opencode_stats.ledger.rebuild import rebuild
from opencode_stats.ledger.transactions import one_moment, transaction
from opencode_stats.ledger.verify import verify

if TYPE_CHECKING:
    import sqlite3
    from random import Random

SLOT_MS = 900_000
SMALL = st.integers(0, 3)
TEXTS = st.sampled_from([None, "a", "b"])
HOSTS = ("a" * 32, "b" * 32, "c" * 32)


def message_of(facts: dict[str, Any]) -> HostMessage:
    """A message of these facts, as far as it may have them."""
    if not facts["message"].startswith("auxiliary:"):
        facts = {**facts, "charged": 0}
    elif not sum(facts[kind] for kind in ("input", "output", "reasoning", "cache_read", "cache_write")):
        facts = {**facts, "cost_microusd": None}
    return HostMessage(**facts)


FACTS = st.fixed_dictionaries(
    {
        "message": st.sampled_from(["msg_1", "msg_2", "auxiliary:ses_a"]),
        "conversation": st.sampled_from(["ses_a", "ses_b"]),
        "live": st.booleans(),
        "stage": st.sampled_from(["usage", "completed"]),
        "event": st.sampled_from(["", "evt_1", "evt_2"]),
        "counted_at_ms": st.sampled_from([SLOT_MS - 1, SLOT_MS, 3 * SLOT_MS]),
        "created_ms": st.none() | SMALL,
        "completed_ms": st.none() | SMALL,
        "provider": TEXTS,
        "model": TEXTS,
        "variant": TEXTS,
        "agent": TEXTS,
        "directory": TEXTS,
        "input": SMALL,
        "output": SMALL,
        "reasoning": SMALL,
        "cache_read": SMALL,
        "cache_write": SMALL,
        "cost_microusd": st.none() | SMALL,
        "charged": SMALL,
    }
)
MESSAGES = FACTS.map(message_of)
ALIKE = st.sampled_from(["msg_1", "auxiliary:ses_a"]).flatmap(
    lambda name: st.tuples(
        *[st.builds(Account, FACTS.map(lambda one: message_of({**one, "message": name})), st.sampled_from(HOSTS))] * 3
    )
)
FILES = st.lists(
    st.tuples(st.sampled_from(HOSTS), SMALL, st.lists(MESSAGES, max_size=4, unique_by=lambda one: one.message)),
    max_size=5,
    unique_by=lambda file: file[:2],
)


@given(ALIKE)
def test_accounts_merge_in_any_order_and_grouping(accounts: tuple[Account, Account, Account]) -> None:
    one, two, three = accounts
    assert merged(one, one) == one
    assert merged(one, two) == merged(two, one)
    assert merged(merged(one, two), three) == merged(one, merged(two, three))


def read(connection: sqlite3.Connection, files: list[tuple[str, int, list[HostMessage]]]) -> None:
    for host, written_ms, messages in files:
        head = HostFileHead(host=host, name=f"{host[:1]}{written_ms}", written_ms=written_ms, messages=len(messages))
        with transaction(connection):
            take_messages(connection, head, messages)
            note_shared(connection)


def kept(connection: sqlite3.Connection) -> list[list[tuple[object, ...]]]:
    tables = ("hosts", "foreign_messages", "foreign_sums")
    found = [rows(connection, f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4") for table in tables]
    # What a message left is a row of zeros, which is as good as none.
    found[2] = [row for row in found[2] if any(map(bool, row[4:]))]
    return found


@given(files=FILES, order=st.randoms(use_true_random=False), again=st.lists(SMALL, max_size=3))
def test_files_merge_in_any_order_and_any_number_of_times(
    files: list[tuple[str, int, list[HostMessage]]], order: Random, again: list[int]
) -> None:
    shuffled = files + [files[number % len(files)] for number in again if files]
    order.shuffle(shuffled)
    with ledger_in_memory() as one, ledger_in_memory() as other:
        read(one, files)
        read(other, shuffled)

        assert kept(one) == kept(other)
        assert verify(one) == verify(other) == []
        assert rebuild(one).changes == ()
        with one_moment(other):
            everybody = usage_by_host(other, None, "me", 9)
            halves = [usage_by_host(other, ends, "me", 9) for ends in ((0, SLOT_MS), (SLOT_MS, 10 * SLOT_MS))]
        expected = brute_force(files)
        assert {host.host: host.totals.whole.messages for host in everybody if host.host} == {
            host: sum(account.host == host and account.said.counts for account in expected.values())
            for host in {file[0] for file in files}
        }
        assert sum(host.totals.whole.tokens.total for host in everybody) == sum(
            account.said.tokens for account in expected.values()
        )
        assert sum(host.totals.whole.cost_microusd for host in chain(*halves)) == sum(
            account.said.cost_microusd or 0 for account in expected.values()
        )


def brute_force(files: list[tuple[str, int, list[HostMessage]]]) -> dict[str, Account]:
    found: dict[str, Account] = {}
    for host, _, messages in files:
        for one in messages:
            found[one.message] = merged(found.get(one.message), Account(one, host))
    return found


@given(of_a=st.integers(2, 12), of_b=st.integers(2, 12), order=st.randoms(use_true_random=False))
def test_hosts_that_know_each_other_say_the_same(of_a: int, of_b: int, order: Random) -> None:
    """Both have some of the same conversation: somebody copied OpenCode's database, and went on on both sides."""
    shared = Script(pid=3, at_ms=NOON_MS + 10**7).started().conversation("ses_s", directory="/s")
    shared.prompt("ses_s").answer("ses_s", input=5).answer("ses_s", output=7).idle("ses_s")
    with ledger_in_memory() as a, ledger_in_memory() as b:
        files = []
        for name, ledger, length in (("a", a, of_a), ("b", b, of_b)):
            own = Script(pid=ord(name), at_ms=NOON_MS + ord(name) * 10**6).started()
            own.answer("ses_" + name, input=1 if name == "a" else 3)
            take(ledger, own, shared.events[:length])
            with transaction(ledger):
                become_host(ledger, HOSTS["ab".index(name)], name)
            messages = [HostMessage(**line) for line in own_messages(ledger)[1]]
            files.append((HOSTS["ab".index(name)], 1, messages))
        for ledger in (a, b):
            order.shuffle(files)
            read(ledger, files)
        said = [{one.host: one.totals for one in usage_by_host(one, None, "", 1)} for one in (a, b)]

        assert said[0] == said[1]
        furthest = a if of_a >= of_b else b
        mine = sum(one.tokens for one in (HostMessage(**line) for line in own_messages(furthest)[1]))
        assert sum(totals.whole.tokens.total for totals in said[0].values()) == mine + (3 if furthest is a else 1)

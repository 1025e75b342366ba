"""The line parser and the cutting of lines: an event if and only if the second reading says so, and then the same."""

from __future__ import annotations

import json
import re
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jsonschema import Draft202012Validator
from tests.fuzz.ledger import wrong_with
from tests.fuzz.reference_line import DEEPEST, KINDS, RULES, Refused, as_line, read_line
from tests.fuzz.spoil import Seed, spoiled
from tests.fuzz.tally import Finding, Tally, numbered
from tests.support.ledgers import everything, ledger_in_memory
from tests.support.script import Script
from tests.support.spools import Inbox

from opencode_stats.contract.line import line_schema, parse_line
from opencode_stats.errors import BadEvent
from opencode_stats.ingest.lines import cut

if TYPE_CHECKING:
    from random import Random

    from opencode_stats.core.events import Event

FULL: Final = 1_000_000
LINES_A_FILE: Final = 50
"""Inputs are parsed as the lines of a file of so many, cut in pieces."""
FILES_A_LEDGER: Final = 20
"""One file of so many also goes through the spool into a ledger."""
SLOWEST_MS: Final = 1000.0
"""For a line of up to a mebibyte, on a busy machine; alone it is 25."""
GOLDEN: Final = Path(__file__).parents[2] / "opencode_plugin" / "test" / "golden"
_DEEP: Final = "recursion limit exceeded"
_PLACE: Final = re.compile(r" at line \d+ column \d+$")
_FIELD: Final = re.compile(r"^([a-z_]+)(?:\.([a-z_]+))?: ")
_FIELDS: Final = {name.rstrip("?=") for rules in RULES.values() for name in rules} | {
    "at_ms", "pid", "boot_id", "pid_ns", "start_ticks", *KINDS,
}  # fmt: skip
_NO_JSON: Final = (
    "expected value", "expected `,` or `}`", "expected `,` or `]`", "expected `:`", "expected ident", "invalid number",
    "EOF while parsing a string", "EOF while parsing an object", "EOF while parsing a list", "trailing characters",
    "EOF while parsing a value", "invalid unicode code point", "key must be a string", "number out of range",
    "control character (\\u0000-\\u001F) found while parsing a string", "invalid escape", "trailing comma",
    "lone leading surrogate in hex escape", "unexpected end of hex escape", _DEEP,
)  # fmt: skip
REASONS: Final = frozenset({
    *(f"not JSON: {why}" for why in _NO_JSON),
    "unknown type", "no line version", "another line version", "not a JSON object", "longer than 1048576 bytes",
    "Field required", "Input should be a valid string", "Input should be a valid integer", "Input should be an object",
    "Input should be a valid number", "Input should be a valid boolean", "Input should be 1 or 2",
    "Input should be 'created', 'updated' or 'deleted'", "Input should be 'busy', 'retry' or 'idle'",
    "Input should be 'permission' or 'question'", "Input should be 'succeeded', 'failed' or 'interrupted'",
    "Unable to parse input string as an integer, exceeded maximum size", "a token count is negative",
    "an instant is outside the years 1970 to 9999", "a message has more than 10^10 tokens",
    "a conversation has more than 2^53-1 tokens", "a text is empty or longer than 4096 characters",
    "a cost is outside 0 … 1000000 dollars", "a cost is outside 0 … 1000000000 dollars",
    "a pid is outside 1 … 2^31-1", "start_ticks is outside 0 … 2^63-1", "lines is outside 1 … 10^9",
    "a boot id or a namespace holds a slash",
})  # fmt: skip
"""Every reason there is, without the field before it and the place behind it: a quotation would be another."""


@cache
def seeds() -> tuple[Seed, ...]:
    """Lines that the real plugin wrote, one of each shape, and one of each type that no recording has."""
    script = Script(pid=1).started(host_version="1.18.33").conversation("ses_a", parent="ses_b", directory="/w")
    script.prompt("ses_a").answer("ses_a", input=1, output=2, reasoning=3, cache_read=4, cache_write=5).idle("ses_a")
    script.busy("ses_a", "retry").failed("ses_a").asked("per_1", "ses_a").answered("per_1").titled("ses_a", "msg_a")
    script.lost(5).usage("ses_a", input=100).deleted("ses_a").line("conversation.compacted", conversation="ses_a")
    script.line("workspace.opened", directory="/w", worktree="/", project="p").line("workspace.closed", directory="/w")
    script.ended()
    lines = [line for path in sorted(GOLDEN.glob("*.jsonl")) for line in path.read_bytes().splitlines()]
    shapes = {(line["type"], frozenset(line)): line for line in map(json.loads, [*script.raw_lines, *lines])}
    return tuple(Seed.of(json.dumps(line, separators=(",", ":")).encode()) for line in shapes.values())


def run(seed: int, inputs: int = FULL, budget_s: float = 1e9) -> Tally:
    """Tries so many inputs.

    Raises:
        Finding: one was taken, refused, told or timed as none may be.
    """
    tally = Tally("lines", seed)
    schema = Draft202012Validator(line_schema())
    file: list[bytes] = []
    files = 0
    for _, rng in numbered(tally, inputs, budget_s):
        file.append(spoiled(rng, rng.choice(seeds()), seeds()))
        if len(file) == LINES_A_FILE:
            files += 1
            _try_file(tally, rng, file, schema if files % FILES_A_LEDGER == 1 else None)
            file = []
    if file:
        _try_file(tally, rng, file, schema)
    return tally


def _try_file(tally: Tally, rng: Random, inputs: list[bytes], schema: Draft202012Validator | None) -> None:
    content = b"\n".join(inputs) + b"\n"
    lines = _cut_anywhere(rng, content)
    if lines != content.split(b"\n")[:-1]:
        raise Finding("cut into other lines", "lines-cut", content)
    said = []
    for line in lines:
        one = check(tally, line)
        if one is not None:
            said.append(one)
            if schema is not None and not schema.is_valid(json.loads(line)):
                raise Finding("taken, though the schema refuses it", "lines-schema", line)
    if schema is not None:
        _same_ledger(tally, content, said)


def _cut_anywhere(rng: Random, content: bytes) -> list[bytes]:
    """The lines of a file that is read in pieces of any size."""
    lines: list[bytes] = []
    at = 0
    for end in [*sorted(rng.sample(range(len(content) + 1), min(3, len(content)))), len(content)]:
        for line in cut(content[at:end], at):
            lines.append(line.content)
            at = line.end_bytes
    return lines


def check(tally: Tally, line: bytes) -> dict[str, Any] | None:
    """Tries one line; gives what it says, None where it says nothing.

    Raises:
        Finding: the parser and the second reading do not agree, or the reason for refusing quotes the line.
    """
    event: Event | None = None
    reason = ""
    began_s = time.perf_counter()
    try:
        event = parse_line(line)
    except BadEvent as error:
        reason = error.reason
    except Exception as error:
        raise Finding(f"crash: {error!r:.200}", "lines-crash", line) from error
    tally.timed(began_s, SLOWEST_MS, "a line", line)
    try:
        said = read_line(line)
    except Refused:
        said = None
    if event is None:
        tally.ends["refused"] += 1
        _quotes_nothing(line, reason)
        if said is not None and not (_DEEP in reason and _depth(line) > DEEPEST):
            raise Finding(f"refused, though it is an event: {reason}", "lines-refused", line)
        return None
    tally.ends["taken"] += 1
    if said is None:
        raise Finding(f"taken, though it is none: {event!r:.300}", "lines-taken", line)
    for name, value in said.items():
        if _plain(getattr(event, name)) != value:
            raise Finding(f"{name} is {getattr(event, name)!r:.100}, not {value!r:.100}", "lines-value", line)
    return said


def _plain(value: Any) -> Any:  # noqa: ANN401 - any field of an event
    if hasattr(value, "cache_read"):
        return tuple(getattr(value, kind) for kind in KINDS)
    if hasattr(value, "start_ticks"):
        return value.pid, value.boot_id, value.pid_ns, value.start_ticks
    return value


def _quotes_nothing(line: bytes, reason: str) -> None:
    """Whether the reason is one of ours, after the name of a field of ours."""
    sentence = _PLACE.sub("", reason)
    field = _FIELD.match(sentence)
    named = [] if field is None else [name for name in field.groups() if name is not None]
    if field is not None and _FIELDS.issuperset(named):
        sentence = sentence[field.end() :]
    if sentence not in REASONS:
        raise Finding(f"the reason may quote the line: {reason!r}", "lines-reason", line)


def _depth(line: bytes) -> int:
    """How deep brackets stand in each other at most; those in texts may count, too."""
    depth = deepest = 0
    for char in line:
        depth += (char in b"[{") - (char in b"]}")
        deepest = max(deepest, depth)
    return deepest


def _same_ledger(tally: Tally, content: bytes, said: list[dict[str, Any]]) -> None:
    """The spoiled file, and a clean one of what it says by the second reading, must make the same ledger."""
    with tempfile.TemporaryDirectory() as home, ledger_in_memory() as spoiled_one, ledger_in_memory() as clean:
        for name, ledger, lines in (
            ("spoiled", spoiled_one, content),
            ("clean", clean, b"".join(map(as_line, said))),
        ):
            inbox = Inbox(Path(home, name), ledger)
            inbox.write(lines, "4711-1000-0f6f1d0a.jsonl")
            inbox.spool.take_in()
            if inbox.spool.troubles or wrong_with(ledger):
                raise Finding(f"{name}: {inbox.spool.troubles} {wrong_with(ledger)}", "lines-ledger", content)
        ours, theirs = everything(spoiled_one), everything(clean)
        for table in ours.keys() - {"cursors", "quarantine"}:
            if ours[table] != theirs[table]:
                raise Finding(f"table {table} differs", "lines-ledger", content)
    tally.ends["also through a ledger"] += len(said)

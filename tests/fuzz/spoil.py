"""Spoiling JSON text: tokens of honest documents replaced, doubled, dropped, nested, cut; then the bytes themselves."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

CANARY: Final = b"qZxJwVkY"
"""In no honest text: where it turns up again, something was quoted."""
CANARY_NUMBER: Final = b"73819264550"

_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[-+0-9.eE]+|true|false|null|[\[\]{}:,]|\s+')

NUMBERS: Final = (
    b"0", b"-0", b"1", b"-1", b"0.0", b"-0.0", b"1.0", b"1.5", b"1e0", b"1e400", b"-1e400", b"1e-400", b"5e-324",
    b"1E+2", b"9007199254740991", b"9007199254740992", b"2147483647", b"2147483648", b"9223372036854775807",
    b"9223372036854775808", b"-9223372036854775808", b"18446744073709551616", b"10000000000", b"10000000001",
    b"253402300799999", b"253402300800000", b"1000000", b"1000000.0000001", b"0.1", b"1000000001", b"01", b"+1", b".5",
    b"1.", b"1e", b"--1", b"0x10", b"NaN", b"Infinity", b"-Infinity", b"1_000", b"9" * 40, b"9" * 400, b"9" * 4300,
    b"9" * 4301, b"1" + b"0" * 6000, b"0." + b"3" * 5000, b"1e" + b"9" * 30, CANARY_NUMBER, b"-" + CANARY_NUMBER,
)  # fmt: skip
STRINGS: Final = (
    b'""', b'" "', b'"\\u0000"', b'"\\u001b[31m"', b'"\\ud800"', b'"\\udc00\\ud800"', b'"\\ud83d\\ude00"', b'"\\u202e"',
    b'"\xc2\x9b31m"', b'"\xf0\x9f\x92\xb8"', b'"\x1b]0;x\x07"', b'"\\x41"', b'"\\"', b'"\\/"', b'"\xed\xa0\x80"',
    b'"\xff"', b'"\xc0\x80"', b'"e\xcc\x81"', b'"../../etc/passwd"', b"\"'; DROP TABLE messages; --\"",
    b'"<b>&amp;</b>"',
    b'"1"', b'"true"', b'"null"', b'"%s%n{}"', b'"' + CANARY + b'"', b'"a/b"', b'"\xe2\x80\xa8"', b'"\x7f"',
    b'"' + b"x" * 4096 + b'"', b'"' + b"x" * 4097 + b'"', b'"' + b"\xc3\xa9" * 4096 + b'"',
    b'"' + b"\xf0\x9f\x92\xb8" * 4097 + b'"', b'"tokens"', b'"run.started"', b'"message.snapshot"', b'"auxiliary"',
)  # fmt: skip
LITERALS: Final = (b"true", b"false", b"null", b"True", b"undefined", b"nul", b"{}", b"[]", b"[null]", b'{"":0}', b"")
KEYS: Final = (
    b'"v"', b'"type"', b'"at_ms"', b'"tokens"', b'"input"', b'"run"', b'"message"', b'"conversation"',
    b'"completed_ms"',
    b'"created_ms"', b'"cost_usd"', b'"finish"', b'"error"', b'"at\\u005fms"', b'"type "', b'"Type"', b'""',
    b'"__proto__"',
    b'"total"', b'"' + CANARY + b'"',
)  # fmt: skip
NESTED: Final = tuple(
    opening * depth + b"0" + closing * depth
    for depth in (1, 5, 180, 210, 990, 20_000)
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}"))
)
BYTES: Final = (
    b"\x00", b"\n", b"\r", b"\r\n", b"\t", b"\x0b", b"\x0c", b"\x1b[2J", b"\xef\xbb\xbf", b"\xe2\x80\xa8",
    b"\xe2\x80\xa9",
    b"\xff\xfe", b"\xc2\x85", b" ", b",", b":", b'"', b"\\", b"{", b"}", b"[", b"]", b"/*", b"//", b"-", b"0", b"e",
)  # fmt: skip
LARGE: Final = b'"' + b"y" * (1024 * 1024) + b'"'


@dataclass(frozen=True, slots=True)
class Seed:
    """An honest document cut into tokens; ``values`` and ``members`` begin and end there, ``keys`` stand there."""

    tokens: tuple[bytes, ...]
    values: tuple[tuple[int, int], ...]
    members: tuple[tuple[int, int], ...]
    keys: tuple[int, ...]

    @classmethod
    def of(cls, text: bytes) -> Seed:
        """The document's tokens.

        Raises:
            ValueError: the text is no JSON.
        """
        tokens = tuple(token for token in _TOKEN.findall(text) if token.strip())
        values: list[tuple[int, int]] = []
        members: list[tuple[int, int]] = []
        try:
            end = _walk(tokens, 0, values, members)
        except (IndexError, RecursionError) as error:
            raise ValueError("not a JSON value") from error
        if end != len(tokens):
            raise ValueError("not one JSON value")
        return cls(tokens, tuple(values), tuple(members), tuple(first for first, _ in members))


def _walk(tokens: tuple[bytes, ...], at: int, values: list[tuple[int, int]], members: list[tuple[int, int]]) -> int:
    """Notes the value that begins there and all that is in it; gives where it ends."""
    first, opening = at, tokens[at]
    at += 1
    if opening in (b"{", b"["):
        while tokens[at] not in (b"}", b"]"):
            if tokens[at] == b",":
                at += 1
                continue
            if opening == b"{":
                begin = at
                at = _walk(tokens, at + 2, values, members)
                members.append((begin, at))
            else:
                at = _walk(tokens, at, values, members)
        at += 1
    values.append((first, at))
    return at


def spoiled(rng: Random, seed: Seed, others: tuple[Seed, ...]) -> bytes:
    """One mutation of the document, of one to four changes; now and then it stays as it is."""
    tokens = list(seed.tokens)
    kind = rng.random()
    if kind < 0.02:
        return b"".join(tokens)
    if kind < 0.72:
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            rng.choice(_CHANGES)(rng, seed, tokens, others)
        text = b"".join(tokens)
        return text if rng.random() < 0.9 else _bytes(rng, text)
    text = b"".join(tokens)
    for _ in range(rng.choice((1, 1, 2, 4))):
        text = _bytes(rng, text)
    return text


def _value(rng: Random) -> bytes:
    drawn = rng.random()
    if drawn < 0.4:
        return rng.choice(NUMBERS)
    if drawn < 0.5:
        return b"%d" % rng.choice((rng.getrandbits(8), rng.getrandbits(34), rng.getrandbits(54), rng.getrandbits(70)))
    if drawn < 0.55:
        return repr(rng.random() * 10.0 ** rng.randint(-12, 14)).encode()
    if drawn < 0.85:
        return rng.choice(STRINGS)
    if drawn < 0.97:
        return rng.choice(LITERALS)
    return rng.choice(NESTED) if drawn < 0.9995 else LARGE


def _clear(tokens: list[bytes], span: tuple[int, int], text: bytes) -> None:
    """The text in the place of a span; the others keep their places."""
    tokens[span[0] : span[1]] = [text, *([b""] * (span[1] - span[0] - 1))]


def _other_value(rng: Random, seed: Seed, tokens: list[bytes], others: tuple[Seed, ...]) -> None:
    del others
    _clear(tokens, rng.choice(seed.values), _value(rng))


def _swapped(rng: Random, seed: Seed, tokens: list[bytes], others: tuple[Seed, ...]) -> None:
    """A value from elsewhere, of this document or of another."""
    other = rng.choice((seed, rng.choice(others)))
    first, end = rng.choice(other.values)
    _clear(tokens, rng.choice(seed.values), b"".join(other.tokens[first:end]))


def _doubled(rng: Random, seed: Seed, tokens: list[bytes], others: tuple[Seed, ...]) -> None:
    """A member twice; the second time with another value, before it or behind it."""
    del others
    if not seed.members:
        return
    first, end = rng.choice(seed.members)
    twin = seed.tokens[first] + b":" + (_value(rng) if rng.random() < 0.7 else b"".join(tokens[first + 2 : end]))
    text = b"".join(tokens[first:end])
    _clear(tokens, (first, end), twin + b"," + text if rng.random() < 0.5 else text + b"," + twin)


def _dropped(rng: Random, seed: Seed, tokens: list[bytes], others: tuple[Seed, ...]) -> None:
    """A member less, with its comma."""
    del others
    if not seed.members:
        return
    first, end = rng.choice(seed.members)
    if end < len(tokens) and tokens[end] == b",":
        end += 1
    elif tokens[first - 1] == b",":
        first -= 1
    _clear(tokens, (first, end), b"")


def _added(rng: Random, seed: Seed, tokens: list[bytes], others: tuple[Seed, ...]) -> None:
    """A member more, of a name that is known or not."""
    if not seed.members:
        return
    first, _ = rng.choice(seed.members)
    other = rng.choice(others)
    if rng.random() < 0.5 and other.members:
        begin, end = rng.choice(other.members)
        member = b"".join(other.tokens[begin:end])
    else:
        member = rng.choice(KEYS) + b":" + _value(rng)
    tokens[first] = member + b"," + tokens[first]


def _renamed(rng: Random, seed: Seed, tokens: list[bytes], others: tuple[Seed, ...]) -> None:
    del others
    if seed.keys:
        tokens[rng.choice(seed.keys)] = rng.choice(KEYS) if rng.random() < 0.5 else rng.choice(STRINGS)


def _spaced(rng: Random, seed: Seed, tokens: list[bytes], others: tuple[Seed, ...]) -> None:
    """Something between two tokens."""
    del seed, others
    tokens[rng.randrange(len(tokens))] += rng.choice(BYTES)


_CHANGES: Final[tuple[Callable[[Random, Seed, list[bytes], tuple[Seed, ...]], None], ...]] = (
    _other_value,
    _other_value,
    _other_value,
    _swapped,
    _doubled,
    _dropped,
    _added,
    _renamed,
    _spaced,
)


def _bytes(rng: Random, text: bytes) -> bytes:
    """The bytes changed without a look at what they mean."""
    at = rng.randrange(len(text) + 1)
    end = min(len(text), at + rng.choice((1, 1, 2, 8, 60)))
    before, piece, rest = text[:at], text[at:end], text[end:]
    return rng.choice(
        (
            before + bytes(byte ^ (1 << rng.randrange(8)) for byte in piece[:1]) + piece[1:] + rest,
            before + rng.randbytes(len(piece)) + rest,
            before + rng.choice(BYTES) + piece + rest,
            before,
            before + rest,
            before + piece + piece + rest,
            text + before,
            rng.randbytes(rng.randrange(200)),
        )
    )

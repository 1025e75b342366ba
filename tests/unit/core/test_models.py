from __future__ import annotations

import itertools

import pytest

from opencode_stats.core.models import VENDORS, model_key


@pytest.mark.parametrize(
    ("provider", "model", "key"),
    [
        ("anthropic", "claude-sonnet-5", "claude-sonnet-5"),
        ("openai", "gpt-5", "gpt-5"),
        ("openai", "o3-mini", "o3-mini"),
        ("google", "gemini-3-pro", "gemini-3-pro"),
        ("amazon-bedrock", "anthropic.claude-3", "amazon-bedrock/anthropic.claude-3"),
        ("openrouter", "anthropic/claude-sonnet-5", "openrouter/anthropic/claude-sonnet-5"),
        ("openai", "claude-sonnet-5", "openai/claude-sonnet-5"),
        ("anthropic", "claude-a/b", "anthropic/claude-a/b"),
        ("my/own", "m", "my%2Fown/m"),
        ("my%2Fown", "m", "my%252Fown/m"),
        (None, "claude-sonnet-5", "unknown/claude-sonnet-5"),
        ("anthropic", None, "anthropic/unknown"),
        (None, None, "unknown/unknown"),
        ("unknown", "unknown", "%75nknown/%75nknown"),
        (None, "auxiliary", "auxiliary"),
        ("auxiliary", None, "auxiliary/unknown"),
        ("openai", "auxiliary", "openai/auxiliary"),
        ("openai", "gpt-" + "5" * 252, "gpt-" + "5" * 252),
        ("openai", "gpt-" + "5" * 253, "openai/gpt-" + "5" * 117 + "/%~d442011df448c70df1f259d84d77b17b"),
        ("a/" * 4096, "m", "a%2F" * 32 + "/%~3f05007e8ea00be47ecf568e96271c63"),
    ],
)
def test_the_key(provider: str | None, model: str | None, key: str) -> None:
    assert model_key(provider, model) == key


def test_no_two_vendors_share_a_beginning() -> None:
    beginnings = [(vendor, beginning) for vendor, all_of_it in VENDORS.items() for beginning in all_of_it]

    shared = [
        (one, other)
        for one, other in itertools.permutations(beginnings, 2)
        if one[0] != other[0] and one[1].startswith(other[1])
    ]
    assert shared == []


def test_no_beginning_holds_a_slash() -> None:
    assert [beginning for all_of_it in VENDORS.values() for beginning in all_of_it if "/" in beginning] == []

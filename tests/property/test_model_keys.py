"""Different models never share a key, whatever they are called."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from opencode_stats.core.models import AUXILIARY, LONGEST_KEY, VENDORS, model_key

HOSTILE = st.text(alphabet="%/25F7nukow\x00é-", min_size=1, max_size=8)
LONG = st.builds("".join, st.tuples(st.sampled_from("%/25ä~"), st.integers(200, 300).map("x".__mul__), HOSTILE))
PARTS = LONG | st.none() | st.just("unknown") | st.just(AUXILIARY) | st.just("%75nknown") | HOSTILE
PROVIDERS = PARTS | st.sampled_from(sorted(VENDORS))
MODELS = PARTS | st.builds(
    "".join, st.tuples(st.sampled_from([beginning for own in VENDORS.values() for beginning in own]), HOSTILE)
)
PAIRS = st.tuples(PROVIDERS, MODELS)


@given(one=PAIRS, other=PAIRS)
@example(one=(None, "m"), other=("unknown", "m"))
@example(one=("m", None), other=("m", "unknown"))
@example(one=("a/b", "c"), other=("a", "b/c"))
@example(one=("a%2Fb", "c"), other=("a/b", "c"))
@example(one=("a", "b" * 300), other=model_key("a", "b" * 300).split("/", 1))
@example(one=("openai", "gpt-" + "5" * 300), other=("openai", "gpt-" + "5" * 301))
@example(one=("openai", "gpt-5"), other=("gpt-5", None))
def test_a_key_names_one_pair(one: tuple[str | None, str | None], other: tuple[str | None, str | None]) -> None:
    assert (model_key(*one) == model_key(*other)) is (one == other)


@given(provider=PROVIDERS, model=MODELS)
def test_a_key_is_never_long(provider: str | None, model: str | None) -> None:
    assert len(model_key(provider, model)) <= LONGEST_KEY


@given(provider=PROVIDERS, model=MODELS)
def test_a_bare_id_has_no_slash_and_any_other_key_has_one(provider: str | None, model: str | None) -> None:
    key = model_key(provider, model)

    bare = provider in VENDORS or (provider, model) == (None, AUXILIARY)
    assert ("/" not in key) is (bare and key == model)

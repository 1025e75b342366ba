"""The key under which a model stands in stats.json (docs/adr/0005-model-keys.md)."""

from __future__ import annotations

from typing import Final

from opencode_stats.core.bounds import digest

VENDORS_VERSION: Final = 1
VENDORS: Final[dict[str, tuple[str, ...]]] = {
    "alibaba": ("qwen", "qwq-", "qvq-"),
    "anthropic": ("claude-",),
    "cohere": ("command-",),
    "deepseek": ("deepseek-",),
    "google": ("gemini-", "gemma-"),
    "llama": ("llama-", "Llama-"),
    "minimax": ("MiniMax-", "minimax-"),
    "mistral": ("codestral-", "devstral-", "magistral-", "ministral-", "mistral-", "open-mi", "pixtral-"),
    "moonshotai": ("kimi-", "moonshot-"),
    "openai": ("chatgpt-", "codex-", "gpt-", "o1", "o3", "o4"),
    "perplexity": ("sonar",),
    "xai": ("grok-",),
    "zai": ("glm-",),
}
"""Provider → the beginnings of its own models' ids. No two share a beginning, so a bare id names one provider.

Closed on purpose: adding an entry would rename keys that readers have stored. A change needs a new VENDORS_VERSION.
"""

AUXILIARY: Final = "auxiliary"
"""The key of usage that OpenCode 2.x reports without a model (titles, say), and its model: no provider has it."""
UNKNOWN: Final = "unknown"
LONGEST_KEY: Final = 256
"""Characters of a key; a longer one is shortened."""
_HEAD_OF_KEY: Final = 128


def model_key(provider: str | None, model: str | None) -> str:
    """The model's key: its bare id where the provider is the model's own vendor, else ``provider/model``.

    Different pairs never share a key: a bare id has no slash, any other key has one, and slashes (and percent signs)
    in a provider's own id are escaped. A part that is not known reads ``unknown``; one that is so named is escaped.
    Usage that OpenCode reports without a model has a key of its own, which begins like no vendor's model.
    A key of more than ``LONGEST_KEY`` characters is its beginning, ``/%~`` and its digest: in a whole key a percent
    sign never stands before ``~``.
    """
    if provider is None and model == AUXILIARY:
        return AUXILIARY
    if provider in VENDORS and model is not None and _is_own(provider, model):
        return model
    whole = f"{_known(provider).replace('/', '%2F')}/{_known(model)}"
    return whole if len(whole) <= LONGEST_KEY else f"{whole[:_HEAD_OF_KEY]}/%~{digest(whole)}"


def _is_own(provider: str, model: str) -> bool:
    return len(model) <= LONGEST_KEY and "/" not in model and model.startswith(VENDORS[provider])


def _known(part: str | None) -> str:
    if part is None:
        return UNKNOWN
    return "%75nknown" if part == UNKNOWN else part.replace("%", "%25")

"""Attention items as the exporter publishes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.clock import NOON_MS

from opencode_stats.core.attention import AttentionItem

if TYPE_CHECKING:
    from opencode_stats.core.attention import Kind


def item(
    kind: Kind = "finished",
    number: int = 1,
    *,
    run: str = "run-1",
    at_ms: int = NOON_MS,
    turn_ms: int | None = 60_000,
    folder: str = "/home/me/shop",
) -> AttentionItem:
    limit = f"limit-{number}" if kind == "limit" else None
    run_id = "" if limit else run
    return AttentionItem(f"{kind}/{run_id}/{number}", kind, run_id, "ses_a", folder, at_ms, turn_ms, (12, 7), limit)

"""``opencode-stats models``: what each model used."""

from __future__ import annotations

from opencode_stats.cli.shares import command_for

command = command_for("model", "model")

"""``opencode-stats agents``: what each agent used."""

from __future__ import annotations

from opencode_stats.cli.shares import command_for

command = command_for("agent", "agent")

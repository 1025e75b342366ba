"""``opencode-stats workspaces``: what each workspace used."""

from __future__ import annotations

from opencode_stats.cli.shares import command_for

command = command_for("workspace", "workspace (a directory that OpenCode worked in)")

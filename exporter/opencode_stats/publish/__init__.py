"""Stats go out: stats.json, old bytes or new bytes and nothing between, the stamp beside it, workspaces' files."""

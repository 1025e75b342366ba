"""Stats go out: stats.json, old bytes or new bytes and nothing between, and the stamp beside it; and the files of workspaces."""

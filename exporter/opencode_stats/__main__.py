"""``python -m opencode_stats``."""

from opencode_stats.cli.main import main

if __name__ == "__main__":
    main()

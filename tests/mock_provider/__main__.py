"""``python -m tests.mock_provider [--port N] [--log FILE]``: prints its port and serves until interrupted."""

from __future__ import annotations

import argparse
import signal
from pathlib import Path

from tests.mock_provider.server import MockProvider


def main() -> None:
    """Serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m tests.mock_provider", description="A scripted model provider.")
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    parser.add_argument("--log", type=Path, help="where to append the charges, a line of JSON each")
    options = parser.parse_args()
    stops = {signal.SIGINT, signal.SIGTERM}
    # Blocked before any thread starts, so that all of them leave the two to sigwait.
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)
    with MockProvider(port=options.port, log=options.log) as provider:
        print(provider.port, flush=True)
        signal.sigwait(stops)


if __name__ == "__main__":
    main()

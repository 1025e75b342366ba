"""The examples that the tests don't run, each with its reason. One that is in no page any more is an error.

A block is named by its page and its first line.
"""

from __future__ import annotations

from typing import Final

_ASKS: Final = "changes the machine's services and asks; tests/e2e_setup runs it with a user's systemd of its own"
_TUTORIAL: Final = "needs the real OpenCode; tests/e2e/test_tutorial.py runs it"
_INSTALLS: Final = "installs a package for everybody; tests/packages does the same on fresh machines"
_DEVELOPMENT: Final = "is how these very tests are begun"

NOT_RUN: Final[dict[tuple[str, str], str]] = {
    ("README.md", "make install     # sets everything up for you, and ends by printing the current figures"): _ASKS,
    (
        "README.md",
        "make install     # in a checkout of this repository: plugin, exporter, panel, and OpenCode's own history",
    ): _ASKS,
    ("README.md", "make test        # sets up what the tests need, and runs all of them"): _DEVELOPMENT,
    ("docs/cli.md", "opencode-stats setup"): _ASKS,
    ("docs/cli.md", "opencode-stats uninstall"): _ASKS,
    (
        "docs/cli.md",
        "systemctl --user stop opencode-stats",
    ): "needs a user's systemd; tests/unit/cli/test_verify_and_rebuild.py has the command",
    (
        "docs/gnome.md",
        "make extension     # dist/opencode-stats@opencode-stats.github.io.shell-extension.zip; needs Python only",
    ): ("needs a GNOME session; tests/gnome installs the archive in real Shells"),
    (
        "docs/dbus.md",
        "busctl --user introspect io.github.opencode_stats /io/github/opencode_stats",
    ): "needs a session's bus; tests/unit/desktop/test_figures.py asks the same on one of its own",
    ("docs/notifications.md", "#!/bin/sh"): "needs a server of ntfy's, or a window to raise",
    ("docs/install.md", "make install       # again after every git pull"): _ASKS,
    ("docs/install.md", "make dist"): _INSTALLS,
    ("docs/status-bars.md", "make dist"): "needs KDE Plasma; tests/kde installs the package in a real one",
    ("docs/install.md", "make dist          # everything into dist/, with SHA256SUMS"): (
        "builds in the checkout that is tested; tests/unit/release builds beside it"
    ),
    ("docs/install.md", "opencode-stats uninstall"): _ASKS,
    (
        "CONTRIBUTING.md",
        "make check       # the quick loop: style, types, imports, the pure suite, the plugin and the extension",
    ): (_DEVELOPMENT),
    ("docs/setup.md", "make install       # once, and again after every git pull"): _ASKS,
    ("docs/tutorial.md", "make install"): _ASKS,
    ("docs/tutorial.md", "$ ls ~/.config/opencode/plugins"): _TUTORIAL,
    ("docs/tutorial.md", '$ opencode run "Say hello."'): _TUTORIAL,
    ("docs/tutorial.md", "$ opencode-stats"): _TUTORIAL,
    (
        "docs/tutorial.md",
        "$ opencode-stats --json | jq '.session.totalTokens == .total.totalTokens, .session.state'",
    ): _TUTORIAL,
    ("docs/tutorial.md", "$ opencode-stats verify"): _TUTORIAL,
    (
        "docs/tutorial.md",
        "$ opencode-stats statusline --format '{today.tokens} tokens today, {state}'",
    ): _TUTORIAL,
}

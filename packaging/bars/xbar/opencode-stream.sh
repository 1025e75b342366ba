#!/bin/sh
# SwiftBar only: into its plugin folder, executable.
# <swiftbar.type>streamable</swiftbar.type>
PATH="$HOME/.local/bin:/opt/homebrew/bin:/usr/local/bin:$PATH"
exec opencode-stats statusline --format xbar --follow

#!/bin/sh
# Into ~/Library/Application Support/xbar/plugins, executable. xbar's PATH is short: add where pipx or uv put it.
# <xbar.title>OpenCode's tokens</xbar.title>
PATH="$HOME/.local/bin:/opt/homebrew/bin:/usr/local/bin:$PATH"
exec opencode-stats statusline --format xbar

"""setup and uninstall for real: a systemd user manager of our own, the real OpenCode, a bare Debian."""

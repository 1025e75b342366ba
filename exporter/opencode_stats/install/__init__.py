"""Putting opencode-stats into a user's OpenCode, and taking it out again.

``survey`` looks at what is there, ``plan`` and ``removal`` decide (pure) on ``steps``, ``work`` does them and writes
down what it wrote (``manifest``), so that ``uninstall`` removes exactly that. Asking and printing belong to the command
line; every call of ``systemctl``, ``opencode`` and the clock comes in as a parameter.
"""

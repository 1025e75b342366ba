"""To which workspace and agent a message belongs: what it says itself, else what its conversation says.

That rule (docs/history.md) in SQL, for whoever asks; ``m`` is the message, ``c`` its conversation (``CONVERSATION``).
"""

from __future__ import annotations

from typing import Final

CONVERSATION: Final = "LEFT JOIN conversations AS c ON c.conversation = m.conversation"
"""Behind ``messages AS m``."""
WORKSPACE: Final = "ifnull(m.directory, c.directory)"
"""A directory, NULL where neither says one."""
AGENT: Final = "ifnull(m.agent, c.agent)"
_LOOKED_UP: Final = "ifnull(m.{0}, (SELECT c.{0} FROM conversations AS c WHERE c.conversation = m.conversation))"
WORKSPACE_LOOKED_UP: Final = _LOOKED_UP.format("directory")
"""The same without the join: most messages say it themselves, and only of the others the conversation is looked up."""
AGENT_LOOKED_UP: Final = _LOOKED_UP.format("agent")

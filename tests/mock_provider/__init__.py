"""A model provider for tests and the demo: OpenAI's chat completions on loopback, and a log of what it charged.

What lives here: scenarios and the pure step from a request to its answer (``chat``, ``usage``, ``scenario``,
``catalogue``, ``reply``), the log (``charges``), the gates that hold a stream open (``gates``), and one thin HTTP shell
(``server``). Only the standard library, so that ``make demo`` needs nothing but Python.

The log is the truth that stats.json must equal: it counts what was *sent to the client to the end*.
"""

from tests.mock_provider.charges import Charge, ChargeLog
from tests.mock_provider.scenario import Scenario, Step, ToolCall
from tests.mock_provider.server import MockProvider
from tests.mock_provider.usage import Usage

__all__ = ["Charge", "ChargeLog", "MockProvider", "Scenario", "Step", "ToolCall", "Usage"]

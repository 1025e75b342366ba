"""What ``doctor`` says of one subject."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """One subject: how it stands, why, and what mends it (empty where nothing needs to)."""

    verdict: Literal["ok", "warn", "fail"]
    about: str
    reason: str
    mend: str = ""

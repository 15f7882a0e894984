"""How a node with several ports says which one fires."""

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True, frozen=True)
class Port:
    """Return `Port("rejected", reason)` to fire that port with that output. Any other return value fires the first port."""

    name: str
    value: Any = None

"""What one evaluation works with: the names it sees, its comprehension variables, and its fuel.

Fuel bounds time and memory together. A unit is about a tenth of a microsecond of work, or some tens of bytes. What an
expression costs without comprehensions is bounded by its length and not counted; turns of comprehensions and work that
grows with the size of a value are.
"""

from collections.abc import Mapping
from typing import Any, Final, Protocol

from tenuto.core.expressions.errors import ExpressionError

FUEL: Final = 200_000

# The longest text that an expression may build, in characters.
MAX_TEXT: Final = 1_000_000

# The largest map or list that may leave an expression, in characters of JSON; what is merely passed on is not measured.
MAX_VALUE: Final = 10_000_000

# An error that is absorbed costs an exception; it is paid for like the work it is.
ABSORBED: Final = 60


class NodeView(Protocol):
    """What an expression may know of a node beside its output."""

    @property
    def port(self) -> str | None: ...

    @property
    def error(self) -> dict[str, Any] | None: ...


EMPTY: Final[Mapping[str, NodeView]] = {}


class Scope:
    """The state of one evaluation."""

    __slots__ = ("fuel", "names", "nodes", "slots")

    def __init__(self, names: Mapping[str, object], nodes: Mapping[str, NodeView], slots: int) -> None:
        self.names = names
        self.nodes = nodes
        self.fuel = FUEL
        self.slots: list[Any] = [None] * slots

    def spend(self, steps: int) -> None:
        """Pay for work before it is done."""
        self.fuel -= steps
        if self.fuel < 0:
            raise ExpressionError(
                "fuel", "the expression does too much work", hint="do less in one expression, or use a node of its own"
            )

    def build(self, size: int) -> None:
        """Pay for a text or bytes of this many characters before it is built."""
        if size > MAX_TEXT:
            raise ExpressionError("size", f"the expression builds a text of more than {MAX_TEXT:,} characters")
        self.spend(size >> 5)

    def scan(self, size: int) -> None:
        """Pay for reading through a text of this many characters."""
        if size >= 64:
            self.spend(size >> 6)

"""What a function of the language is: data that the compiler calls and the reference prints.

The implementation gets the scope first, which it pays for work that grows with its arguments. Types of arguments are
checked before the call by `takes`, so implementations may rely on them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from tenuto.core.expressions.errors import wrong_type
from tenuto.core.expressions.kinds import Cel, Duration, Timestamp, Uint, kind_of, spoken

Types: TypeAlias = frozenset[type]

ANY: Final[Types | None] = None
TEXT: Final[Types] = frozenset({str})
BYTES: Final[Types] = frozenset({bytes})
INT: Final[Types] = frozenset({int})
NUMBER: Final[Types] = frozenset({int, Uint, float})
LIST: Final[Types] = frozenset({list})
TIMESTAMP: Final[Types] = frozenset({Timestamp})
TIME: Final[Types] = frozenset({Timestamp, Duration})

Style: TypeAlias = Literal["global", "receiver", "both"]


@dataclass(slots=True, frozen=True)
class Function:
    """`takes` has the receiver first; the last `optional` of them may be missing; `endless` repeats the last one.

    `cost` is what a call on small values takes, in units of fuel.
    """

    name: str
    call: Callable[..., Cel]
    takes: tuple[Types | None, ...]
    signature: str
    doc: str
    example: str
    result: object
    style: Style = "receiver"
    optional: int = 0
    endless: bool = False
    cost: int = 6

    @property
    def least(self) -> int:
        return len(self.takes) - self.optional

    @property
    def most(self) -> int | None:
        return None if self.endless else len(self.takes)

    def refuse(self, arguments: tuple[Cel, ...]) -> Exception:
        """What to raise when one of the arguments has a type that the function does not take."""
        for position, argument in enumerate(arguments):
            types = self.takes[min(position, len(self.takes) - 1)]
            if types is not None and kind_of(argument) not in types:
                return wrong_type(f"`{self.name}` does not take {spoken(argument)}", f"it is {self.signature}")
        return wrong_type(f"`{self.name}` does not take these values")


@dataclass(slots=True, frozen=True)
class Group:
    """Functions that stand together in the reference."""

    title: str
    functions: tuple[Function, ...]

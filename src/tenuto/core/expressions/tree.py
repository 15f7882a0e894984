"""The syntax tree of an expression. Each node knows its offset in the text; nothing here knows what it means.

Operators in a row are one node with many operands, so that a long sum is no deep tree.
"""

from dataclasses import dataclass
from typing import TypeAlias

from tenuto.core.expressions.kinds import Cel


@dataclass(slots=True, frozen=True)
class Literal:
    value: Cel
    at: int


@dataclass(slots=True, frozen=True)
class Name:
    name: str
    at: int


@dataclass(slots=True, frozen=True)
class Select:
    operand: "Tree"
    field: str
    at: int


@dataclass(slots=True, frozen=True)
class Index:
    operand: "Tree"
    key: "Tree"
    at: int


@dataclass(slots=True, frozen=True)
class Call:
    """`receiver` None: a global function, whose name may have a namespace (`math.abs`)."""

    receiver: "Tree | None"
    name: str
    arguments: tuple["Tree", ...]
    at: int


@dataclass(slots=True, frozen=True)
class ListOf:
    items: tuple["Tree", ...]
    at: int


@dataclass(slots=True, frozen=True)
class MapOf:
    entries: tuple[tuple["Tree", "Tree"], ...]
    at: int


@dataclass(slots=True, frozen=True)
class Unary:
    operator: str
    operand: "Tree"
    at: int


@dataclass(slots=True, frozen=True)
class Arithmetic:
    """Operators of one precedence in a row, done from the left: `a - b + c`."""

    first: "Tree"
    rest: tuple[tuple[str, "Tree", int], ...]
    at: int


@dataclass(slots=True, frozen=True)
class Relation:
    operator: str
    left: "Tree"
    right: "Tree"
    at: int


@dataclass(slots=True, frozen=True)
class Logic:
    """`&&` or `||` of all operands."""

    operator: str
    operands: tuple["Tree", ...]
    at: int


@dataclass(slots=True, frozen=True)
class Coalesce:
    """`a ?? b ?? c`: the first that has a value."""

    operands: tuple["Tree", ...]
    at: int


@dataclass(slots=True, frozen=True)
class Conditional:
    """`c ? a : d ? b : e`: cases in order, then what is left."""

    cases: tuple[tuple["Tree", "Tree"], ...]
    otherwise: "Tree"
    at: int


Tree: TypeAlias = (
    Literal
    | Name
    | Select
    | Index
    | Call
    | ListOf
    | MapOf
    | Unary
    | Arithmetic
    | Relation
    | Logic
    | Coalesce
    | Conditional
)

"""A tree to closures, with everything that can be known before it runs: functions, arities, variables, references.

Each closure takes the scope and gives a value or raises `ExpressionError`. The depth of the tree is bounded here, and
with it the stack that an evaluation needs.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from tenuto.core.expressions import branches, calls, comprehensions, operations
from tenuto.core.expressions.comprehensions import MACROS
from tenuto.core.expressions.errors import ExpressionError
from tenuto.core.expressions.functions import GLOBALS, RECEIVERS, Function
from tenuto.core.expressions.kinds import TYPES, kind_of
from tenuto.core.expressions.paths import Key, Run, error_of, name_or_nothing, outer, port_of, shown, soft, variable
from tenuto.core.expressions.references import Reference
from tenuto.core.expressions.tree import (
    Arithmetic,
    Call,
    Coalesce,
    Conditional,
    Index,
    ListOf,
    Literal,
    Logic,
    MapOf,
    Name,
    Relation,
    Select,
    Tree,
    Unary,
)

MAX_HEIGHT: Final = 64

_SPECIAL: Final = ("has", "port")


@dataclass(slots=True)
class Compiler:
    """The state of one compilation. `cost` counts the steps of what was compiled since it was last set to zero."""

    references: list[Reference] = field(default_factory=list[Reference])
    variables: dict[str, int] = field(default_factory=dict[str, int])
    slots: int = 0
    cost: int = 0
    _optional: bool = False
    _height: int = 0

    def run(self, tree: Tree) -> Run:
        """The closure of a tree."""
        self._height += 1
        if self._height > MAX_HEIGHT:
            raise ExpressionError(
                "depth", f"the expression has more than {MAX_HEIGHT} steps on top of each other", tree.at
            )
        self.cost += 1
        closure = _COMPILE[kind_of(tree)](self, tree)
        self._height -= 1
        return closure

    def all(self, trees: tuple[Tree, ...]) -> tuple[Run, ...]:
        return tuple(self.run(tree) for tree in trees)

    # Names and paths

    def name(self, tree: Name) -> Run:
        return self._path(tree, (), tree.at)

    def _path(self, root: Name, path: tuple[Key, ...], at: int) -> Run:
        if root.name in self.variables:
            return variable(self.variables[root.name], root.name, path, at)
        if root.name == "secrets":
            raise secret_misused(root.at)
        self.refer(root, path)
        return outer(root.name, path, at)

    def refer(self, root: Name, path: tuple[Key, ...], *, error: bool = False, port: bool = False) -> None:
        self.references.append(Reference(root.name, path, self._optional, error, root.at, port))

    def select(self, tree: Select) -> Run:
        if known := self._known_path(tree):
            return known
        return operations.select(self.run(tree.operand), tree.field, describe(tree.operand), tree.at)

    def _known_path(self, tree: Select | Index) -> Run | None:
        found = constant_path(tree)
        if found is None:
            return None
        root, path = found
        if _is_node_error(tree, root) and root.name not in self.variables:
            self.refer(root, path, error=True)
            return error_of(root.name, path, tree.at)
        if (dotted := shown(root.name, path)) in TYPES:
            return operations.literal(TYPES[dotted])
        return self._path(root, path, tree.at)

    def index(self, tree: Index) -> Run:
        if known := self._known_path(tree):
            return known
        return operations.index(self.run(tree.operand), self.run(tree.key), describe(tree.operand), tree.at)

    # Operators

    def arithmetic(self, tree: Arithmetic) -> Run:
        self.cost += 3 * len(tree.rest)
        run = self.run(tree.first)
        for operator, operand, at in tree.rest:
            run = operations.arithmetic(operator, run, self.run(operand), at)
        return run

    def relation(self, tree: Relation) -> Run:
        self.cost += 2
        left, right = self._typed(tree.left, tree.right), self._typed(tree.right, tree.left)
        return operations.relation(tree.operator, left, right, tree.at)

    def _typed(self, tree: Tree, other: Tree) -> Run:
        """Beside `type(…)`, the words `int`, `string`, … are types; elsewhere they are names like any other."""
        if not (isinstance(other, Call) and other.receiver is None and other.name == "type"):
            return self.run(tree)
        if isinstance(tree, Name) and tree.name in TYPES:
            return operations.literal(TYPES[tree.name])
        if isinstance(tree, ListOf):
            return operations.list_of(tuple(self._typed(item, other) for item in tree.items))
        return self.run(tree)

    def unary(self, tree: Unary) -> Run:
        return operations.unary(tree.operator, self.run(tree.operand), tree.at)

    def logic(self, tree: Logic) -> Run:
        return branches.logic(tree.operator, self.all(tree.operands), tree.at)

    def conditional(self, tree: Conditional) -> Run:
        cases = tuple((self.run(condition), self.run(then)) for condition, then in tree.cases)
        return branches.conditional(cases, self.run(tree.otherwise), tree.at)

    def coalesce(self, tree: Coalesce) -> Run:
        with self.optional():
            return branches.coalesce(tuple(self._soft(operand) for operand in tree.operands))

    def _soft(self, tree: Tree) -> Run:
        """Paths look before they step; whatever else is missing is found out by its error."""
        hard = self.run(tree)
        found = constant_path(tree)
        if found is None or _is_node_error(tree, found[0]):
            return hard
        root, path = found
        slot = self.variables.get(root.name)
        return soft(name_or_nothing(root.name) if slot is None else variable(slot, root.name, (), root.at), path, hard)

    @contextmanager
    def optional(self) -> Generator[None, None, None]:
        """References in here need no value."""
        before, self._optional = self._optional, True
        yield
        self._optional = before

    # Literals

    def literal(self, tree: Literal) -> Run:
        return operations.literal(tree.value)

    def list_of(self, tree: ListOf) -> Run:
        self.cost += 3
        return operations.list_of(self.all(tree.items))

    def map_of(self, tree: MapOf) -> Run:
        self.cost += 3 + 3 * len(tree.entries)
        entries = tuple((self.run(key), self.run(value)) for key, value in tree.entries)
        return operations.map_of(entries, tree.at)

    # Calls

    def call(self, tree: Call) -> Run:
        if tree.receiver is None:
            return self._global(tree)
        if tree.name in MACROS:
            return self._macro(tree, tree.receiver)
        return self._function(tree, RECEIVERS.get(tree.name), (tree.receiver, *tree.arguments))

    def _global(self, tree: Call) -> Run:
        if tree.name == "has":
            return self._has(tree)
        if tree.name == "port":
            return self._port(tree)
        namespace, _, method = tree.name.partition(".")
        if tree.name not in GLOBALS and method and (method in RECEIVERS or method in MACROS):
            return self.call(Call(Name(namespace, tree.at), method, tree.arguments, tree.at))
        return self._function(tree, GLOBALS.get(tree.name), tree.arguments)

    def _function(self, tree: Call, function: Function | None, arguments: tuple[Tree, ...]) -> Run:
        if function is None:
            raise _unknown_function(tree)
        _check_arity(function, len(arguments), tree.at)
        self.cost += function.cost
        return calls.call(function, self.all(arguments), tree.at)

    def _has(self, tree: Call) -> Run:
        with self.optional():
            (argument,) = tree.arguments if len(tree.arguments) == 1 else (None,)
            if isinstance(argument, Name):
                return calls.has_name(self.run(argument))
            if not isinstance(argument, Select):
                raise ExpressionError(
                    "macro",
                    "`has` takes a node or a field: `has(a)`, `has(a.b)`",
                    tree.at,
                    "for a key with other characters: `'key' in map`",
                )
            if _is_whole_error(argument):
                return calls.has_name(self.run(argument))
            if isinstance(argument.operand, Name) and argument.operand.name == "secrets":
                raise secret_misused(argument.at)
            return self._has_field(argument)

    def _has_field(self, argument: Select) -> Run:
        """The operand runs by itself, but the document hears of the whole path."""
        before = len(self.references)
        operand = self.run(argument.operand)
        found = constant_path(argument)
        if found and found[0].name not in self.variables:
            del self.references[before:]
            self.refer(found[0], found[1])
        return calls.has_field(operand, argument.field, describe(argument.operand), argument.at)

    def _port(self, tree: Call) -> Run:
        (argument,) = tree.arguments if len(tree.arguments) == 1 else (None,)
        if not isinstance(argument, Name) or argument.name in self.variables or argument.name == "secrets":
            raise ExpressionError("macro", "`port` takes the name of a node: `port(ok)`", tree.at)
        self.refer(argument, (), port=True)
        return port_of(argument.name, argument.at)

    def _macro(self, tree: Call, receiver: Tree) -> Run:
        macro = MACROS[tree.name]
        if len(tree.arguments) not in macro.arities:
            raise ExpressionError(
                "arity", f"`{tree.name}` takes a variable and what to do with it", tree.at, f"it is {macro.signature}"
            )
        name, *bodies = tree.arguments
        if not isinstance(name, Name) or name.name == "secrets":
            raise ExpressionError(
                "macro",
                f"the first argument of `{tree.name}` is the name of a variable",
                name.at,
                f"it is {macro.signature}",
            )
        items = self.run(receiver)
        with self._variable(name.name) as slot:
            outside, self.cost = self.cost, 0
            closures = self.all(tuple(bodies))
            turn, self.cost = self.cost, outside + 10
        return comprehensions.comprehension(macro, items, slot, closures, turn + 1, tree.at)

    @contextmanager
    def _variable(self, name: str) -> Generator[int, None, None]:
        slot, self.slots = self.slots, self.slots + 1
        before = dict(self.variables)
        self.variables[name] = slot
        yield slot
        self.variables = before


_COMPILE: Final[dict[type, Callable[..., Run]]] = {
    Literal: Compiler.literal,
    Name: Compiler.name,
    Select: Compiler.select,
    Index: Compiler.index,
    Call: Compiler.call,
    ListOf: Compiler.list_of,
    MapOf: Compiler.map_of,
    Unary: Compiler.unary,
    Arithmetic: Compiler.arithmetic,
    Relation: Compiler.relation,
    Logic: Compiler.logic,
    Coalesce: Compiler.coalesce,
    Conditional: Compiler.conditional,
}


def constant_path(tree: Tree) -> tuple[Name, tuple[Key, ...]] | None:
    """The name and the keys of `a.b[0]['c']`; None where something has to be worked out first."""
    keys: list[Key] = []
    while not isinstance(tree, Name):
        if isinstance(tree, Select):
            keys.append(tree.field)
        elif isinstance(tree, Index) and isinstance(tree.key, Literal) and kind_of(tree.key.value) in {str, int}:
            keys.append(tree.key.value)
        else:
            return None
        tree = tree.operand
    return tree, tuple(reversed(keys))


def _is_node_error(tree: Tree, root: Name) -> bool:
    """Whether the first step below the root is written `.error`; `['error']` is the field of that name."""
    while isinstance(tree, Select | Index):
        if tree.operand is root:
            return isinstance(tree, Select) and tree.field == "error"
        tree = tree.operand
    return False


def _is_whole_error(tree: Select) -> bool:
    return isinstance(tree.operand, Name) and tree.field == "error"


def describe(tree: Tree) -> str:
    """What messages call the value of a tree."""
    found = constant_path(tree)
    if found:
        return shown(found[0].name, found[1])
    if isinstance(tree, Select):
        return f"{describe(tree.operand)}.{tree.field}"
    if isinstance(tree, Index):
        return f"{describe(tree.operand)}[…]"
    return f"….{tree.name}(…)" if isinstance(tree, Call) and tree.receiver else "…"


def secret_misused(at: int) -> ExpressionError:
    """Secrets go from the host to the node, past the expressions."""
    return ExpressionError(
        "secret",
        "a secret cannot be worked with in an expression",
        at,
        "write `${secrets.NAME}` alone or inside a text",
    )


def _check_arity(function: Function, count: int, at: int) -> None:
    if count < function.least or (function.most is not None and count > function.most):
        raise ExpressionError(
            "arity", f"`{function.name}` has the wrong number of arguments", at, f"it is {function.signature}"
        )


def _unknown_function(tree: Call) -> ExpressionError:
    others = _other_style(tree)
    if others:
        return ExpressionError(
            "unknown_function", f"`{tree.name}` is called in another way", tree.at, f"it is {others}"
        )
    if tree.name == "matches":
        return ExpressionError("unknown_function", "there is no function `matches`", tree.at, "use a `text.match` node")
    choices = [*GLOBALS, *_SPECIAL] if tree.receiver is None else [*RECEIVERS, *MACROS]
    return ExpressionError(
        "unknown_function", f"there is no function `{tree.name}`", tree.at, near=(tree.name, choices)
    )


def _other_style(tree: Call) -> str:
    if tree.receiver is None:
        method = tree.name.rpartition(".")[2]
        known = RECEIVERS.get(method) or MACROS.get(method)
    else:
        known = GLOBALS.get(tree.name)
    return known.signature if known else ""

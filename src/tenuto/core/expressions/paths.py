"""Reading `name.field[0]…`: by far the most frequent expression, so it has closures of its own.

The quick way trusts that only a map has string keys; whenever it fails, the slow way finds out what to say.
"""

from collections.abc import Callable
from typing import TypeAlias

from tenuto.core.expressions.errors import ExpressionError
from tenuto.core.expressions.kinds import Cel, kind_of
from tenuto.core.expressions.operators import item
from tenuto.core.expressions.scope import Scope
from tenuto.core.values import NOTHING

Run: TypeAlias = Callable[[Scope], Cel]
Key: TypeAlias = str | int


def shown(name: str, path: tuple[Key, ...]) -> str:
    """The path as people write it."""
    return name + "".join(f"[{key}]" if kind_of(key) is int else f".{key}" for key in path)


def no_value(name: str, at: int) -> ExpressionError:
    """A name without a value where one is needed."""
    return ExpressionError("no_value", f"`{name}` has no value", at, f"write `{name} ?? other` if it need not have one")


def walked(scope: Scope, value: Cel, name: str, path: tuple[Key, ...], at: int) -> Cel:
    """Along the path, step by step, or an error that names the step."""
    try:
        for index, key in enumerate(path):
            value = item(scope, value, key, lambda end=index: shown(name, path[:end]))
    except ExpressionError as error:
        raise error.at(at) from None
    return value


def variable(slot: int, name: str, path: tuple[Key, ...], at: int) -> Run:
    """A comprehension variable, or something below it."""
    if not path:
        return lambda scope: scope.slots[slot]

    def run(scope: Scope) -> Cel:
        value = scope.slots[slot]
        return walked(scope, value, name, path, at)

    if any(kind_of(key) is int for key in path):
        return run

    def quick(scope: Scope) -> Cel:
        value = scope.slots[slot]
        try:
            for key in path:
                value = value[key]
        except (KeyError, TypeError):
            return run(scope)
        return value

    return quick


def outer(name: str, path: tuple[Key, ...], at: int) -> Run:
    """A name from outside, or something below it; an error if it has no value."""

    def slow(scope: Scope) -> Cel:
        value = scope.names.get(name, NOTHING)
        if value is NOTHING:
            raise no_value(name, at)
        return walked(scope, value, name, path, at)

    if not path or any(kind_of(key) is int for key in path):
        return slow

    def quick(scope: Scope) -> Cel:
        try:
            value: Cel = scope.names[name]
            for key in path:
                value = value[key]
        except (KeyError, TypeError):
            return slow(scope)
        return value

    return quick


def soft(value_of: Run, path: tuple[Key, ...], hard: Run) -> Run:
    """For `??`: a path that gives NOTHING, without the cost of an error, where a key is missing or something is null."""

    def run(scope: Scope) -> Cel:
        value = value_of(scope)
        for key in path:
            kind = kind_of(value)
            if kind is dict and key in value:
                value = value[key]
            elif kind is dict or value is None or value is NOTHING:
                return NOTHING
            else:
                return hard(scope)
        return value

    return run


def name_or_nothing(name: str) -> Run:
    """A name from outside, NOTHING if it has no value."""
    return lambda scope: scope.names.get(name, NOTHING)


def error_of(name: str, path: tuple[Key, ...], at: int) -> Run:
    """`NAME.error…`: the error of a node; an ordinary field of anything else. `path` starts with `error`."""
    ordinary = outer(name, path, at)
    below = path[1:]

    def run(scope: Scope) -> Cel:
        node = scope.nodes.get(name)
        if node is None:
            return ordinary(scope)
        error = node.error
        if error is None:
            raise ExpressionError(
                "no_value",
                f"`{name}.error` has no value: the node has not failed",
                at,
                f"an output field of that name is {name}['error']",
            )
        return walked(scope, error, f"{name}.error", below, at)

    return run


def port_of(name: str, at: int) -> Run:
    """`port(NAME)`: the port that a node fired, null if none."""

    def run(scope: Scope) -> Cel:
        node = scope.nodes.get(name)
        if node is None:
            raise ExpressionError("no_value", f"`{name}` is no node that this expression sees", at)
        return node.port

    return run

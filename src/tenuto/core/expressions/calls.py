"""Closures of function calls and of `has`. Types of arguments are checked here, once for all functions."""

from tenuto.core.expressions.errors import ExpressionError
from tenuto.core.expressions.functions import Function
from tenuto.core.expressions.kinds import Cel, kind_of
from tenuto.core.expressions.operators import no_items
from tenuto.core.expressions.paths import Run
from tenuto.core.expressions.scope import Scope


def call(function: Function, arguments: tuple[Run, ...], at: int) -> Run:
    if len(arguments) == 1:
        return _of_one(function, arguments[0], at)
    if len(arguments) == 2 and len(function.takes) >= 2:
        return _of_two(function, *arguments, at)
    return _of_many(function, arguments, at)


def _of_one(function: Function, argument: Run, at: int) -> Run:
    work, types = function.call, function.takes[0]

    def run(scope: Scope) -> Cel:
        value = argument(scope)
        try:
            if types is not None and kind_of(value) not in types:
                raise function.refuse((value,))
            return work(scope, value)
        except ExpressionError as error:
            raise error.at(at) from None

    return run


def _of_two(function: Function, first: Run, second: Run, at: int) -> Run:
    work = function.call
    types, others = function.takes[0], function.takes[1]

    def run(scope: Scope) -> Cel:
        one, two = first(scope), second(scope)
        try:
            if (types is not None and kind_of(one) not in types) or (others is not None and kind_of(two) not in others):
                raise function.refuse((one, two))
            return work(scope, one, two)
        except ExpressionError as error:
            raise error.at(at) from None

    return run


def _of_many(function: Function, arguments: tuple[Run, ...], at: int) -> Run:
    work, takes = function.call, function.takes
    padded = takes + (takes[-1],) * (len(arguments) - len(takes))

    def run(scope: Scope) -> Cel:
        values = tuple(argument(scope) for argument in arguments)
        try:
            for value, types in zip(values, padded, strict=False):
                if types is not None and kind_of(value) not in types:
                    raise function.refuse(values)
            return work(scope, *values)
        except ExpressionError as error:
            raise error.at(at) from None

    return run


def has_name(value_of: Run) -> Run:
    """`has(node)`, `has(node.error)`: whether there is a value at all."""

    def run(scope: Scope) -> Cel:
        try:
            value_of(scope)
        except ExpressionError as error:
            if error.code != "no_value":
                raise
            return False
        return True

    return run


def has_field(value_of: Run, field: str, described: str, at: int) -> Run:
    """`has(a.b)`: whether the map `a` has the key `b`; a node without a value has no field."""

    def run(scope: Scope) -> Cel:
        try:
            value = value_of(scope)
        except ExpressionError as error:
            if error.code != "no_value":
                raise
            return False
        if kind_of(value) is not dict:
            raise no_items(described, value, field).at(at)
        return field in value

    return run

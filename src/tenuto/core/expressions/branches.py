"""Closures of what decides: `&&`, `||`, `? :`, `??`.

`&&` and `||` do not care about order, as in CEL: `false && error` and `error && false` are both false. A budget that ran
out is no such error.
"""

from typing import Final

from tenuto.core.expressions.errors import ABSENT, FATAL, ExpressionError, wrong_type
from tenuto.core.expressions.kinds import Cel, spoken
from tenuto.core.expressions.paths import Run
from tenuto.core.expressions.scope import ABSORBED, Scope
from tenuto.core.values import NOTHING

_DECISIVE: Final = {"&&": False, "||": True}


def absorb(scope: Scope, error: ExpressionError) -> ExpressionError:
    """An error that may turn out not to matter; it costs fuel, or raises again if it ends the evaluation."""
    if error.code in FATAL:
        raise error
    scope.spend(ABSORBED)
    return error


def logic(operator: str, operands: tuple[Run, ...], at: int) -> Run:
    decisive = _DECISIVE[operator]
    other = not decisive

    def run(scope: Scope) -> Cel:
        failed: ExpressionError | None = None
        for operand in operands:
            try:
                value = operand(scope)
            except ExpressionError as error:
                absorbed = absorb(scope, error)
                failed = failed or absorbed
                continue
            if value is decisive:
                return decisive
            if value is not other:
                failed = failed or wrong_type(f"`{operator}` does not take {spoken(value)}").at(at)
        if failed:
            raise failed
        return other

    return run


def conditional(cases: tuple[tuple[Run, Run], ...], otherwise: Run, at: int) -> Run:
    def run(scope: Scope) -> Cel:
        for condition, then in cases:
            value = condition(scope)
            if value is True:
                return then(scope)
            if value is not False:
                raise wrong_type(f"the condition before `?` is {spoken(value)}, not bool").at(at)
        return otherwise(scope)

    return run


def coalesce(operands: tuple[Run, ...]) -> Run:
    def run(scope: Scope) -> Cel:
        for operand in operands:
            try:
                value = operand(scope)
            except ExpressionError as error:
                if error.code not in ABSENT:
                    raise
                scope.spend(ABSORBED)
                continue
            if value is not None and value is not NOTHING:
                return value
        return None

    return run

"""How quick expressions are, with three times the room that the design gives: the machine may be busy.

`benchmarks/expressions.py` prints the figures themselves.
"""

import time

import pytest

from tenuto.core.expressions import compile_expression

NAMES = {"plan": {"data": {"questions": ["a", "b"]}, "score": 0.8}, "input": {"topic": "x", "depth": 3}}


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [("plan.data.questions", 2), ("input.depth > 2 && input.topic != 'y' && plan.score >= 0.5", 10)],
)
def test_an_evaluation_takes_microseconds(text, microseconds):
    expression = compile_expression(text)

    taken = min(_once(expression) for _ in range(20))

    assert taken < 3 * microseconds


def _once(expression, turns=1000):
    before = time.perf_counter()
    for _ in range(turns):
        expression.evaluate(NAMES)
    return (time.perf_counter() - before) / turns * 1e6

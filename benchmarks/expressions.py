"""How long expressions take, in microseconds: `python benchmarks/expressions.py`."""

import time
from collections.abc import Callable
from functools import partial

from tenuto.core.expressions import Expression, compile_value

ROWS = [{"id": i, "score": i / 1000, "tags": ["a", "b"]} for i in range(1000)]
NAMES = {
    "plan": {"data": {"questions": ["a", "b"]}, "score": 0.8, "text": "Plan"},
    "input": {"topic": "x", "depth": 3},
    "rows": ROWS,
}

TEXTS = [
    "plan.data.questions",
    "plan.data.questions[0]",
    "input.depth + 1",
    "input.topic == 'x'",
    "input.depth > 2 && input.topic != 'y' && plan.score >= 0.5",
    "plan.missing ?? input.topic",
    "size(plan.data.questions) > 0",
    "plan.text.upperAscii().startsWith('P')",
    "rows.filter(r, r.score > 0.5).map(r, r.id)",
]


def best(work: Callable[[], object], turns: int) -> float:
    """Microseconds of one call, in the best of ten rounds."""
    rounds: list[float] = []
    for _ in range(10):
        before = time.perf_counter()
        for _ in range(turns):
            work()
        rounds.append((time.perf_counter() - before) / turns)
    return min(rounds) * 1e6


def main() -> None:
    for text in TEXTS:
        expression = Expression(text)
        turns = 5 if "rows" in text else 2000
        print(f"{best(partial(expression.evaluate, NAMES), turns):10.2f}  {text}")
    template, _ = compile_value({"task": "Write on ${input.topic}, ${input.depth} parts", "notes": "${plan.data}"})
    print(f"{best(lambda: template.evaluate(NAMES), 2000):10.2f}  a template of two strings")
    print(f"{best(lambda: Expression(TEXTS[4]), 100):10.2f}  compiling {TEXTS[4]}")


if __name__ == "__main__":
    main()

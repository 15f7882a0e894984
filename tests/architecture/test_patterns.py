"""Regular expressions of the source: none takes the square of the time, whatever a stranger makes of the text (SECURITY 92).

Each is given texts that are made for it: what it takes, with one of its repetitions drawn out, and something behind it that
does not fit. A pattern that is only asked about short texts stands in SHORT, with who sees to that.
"""

import ast
import importlib
import re
import signal
import string
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# How a pattern is made up is told nowhere else.
kinds: Any = importlib.import_module("re._constants")
parser: Any = importlib.import_module("re._parser")

SOURCE = Path(__file__).parents[2] / "src/tenuto"
LONG = 10_000
SECONDS = 0.1  # a hundred times what a text takes that is read in one sweep
PATIENCE = 0.5  # seconds by the clock
BRANCHES = 6
FILLERS = (" ", "a")
SHORT: dict[str, str] = {}


def source_patterns() -> Iterator[tuple[str, str, str]]:
    """File and line, pattern and flags of every `re.compile` of a constant text."""
    for file, source in ((file, file.read_text()) for file in sorted(SOURCE.rglob("*.py"))):
        for call in ast.walk(ast.parse(source)) if "re.compile(" in source else ():
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "re.compile":
                text = call.args[0]
                if isinstance(text, ast.Constant) and isinstance(text.value, str | bytes):
                    flags = ast.unparse(call.args[1]) if len(call.args) > 1 else "0"
                    said = text.value.decode("latin-1") if isinstance(text.value, bytes) else text.value
                    yield f"{file.relative_to(SOURCE)}:{call.lineno}", said, flags


class Sample:
    """A text that a pattern takes, with the repetition number `drawn_out` as long as may be."""

    def __init__(self, pattern: Any, drawn_out: int, filler: str, branch: int) -> None:
        self._drawn_out, self._filler, self._branch = drawn_out, filler, branch
        self.repetitions = 0
        self.text = self._all(pattern)

    def _all(self, items: Any) -> str:
        return "".join(self._one(kind, value) for kind, value in items)

    def _one(self, kind: Any, value: Any) -> str:
        if kind is kinds.LITERAL:
            return chr(value)
        if kind is kinds.IN:
            return next(each for each in self._filler + string.printable + "é\0" if _holds(value, each))
        if kind in {kinds.ANY, kinds.NOT_LITERAL}:
            return self._filler
        if kind in {kinds.SUBPATTERN, kinds.ATOMIC_GROUP}:
            return self._all(value[3] if kind is kinds.SUBPATTERN else value)
        if kind is kinds.BRANCH:
            return self._all(value[1][min(self._branch, len(value[1]) - 1)])
        if kind in {kinds.MAX_REPEAT, kinds.MIN_REPEAT, kinds.POSSESSIVE_REPEAT}:
            return self._repeated(*value)
        return ""  # what takes no room

    def _repeated(self, least: Any, most: Any, inner: Any) -> str:
        number, self.repetitions = self.repetitions, self.repetitions + 1
        once = self._all(inner)
        return once * (min(int(most), LONG) if number == self._drawn_out else max(int(least), min(1, int(most))))


def _holds(members: Any, sign: str) -> bool:
    holds = any(_is(kind, value, sign) for kind, value in members)
    return not holds if members[0][0] is kinds.NEGATE else holds


def _is(kind: Any, value: Any, sign: str) -> bool:
    if kind is kinds.LITERAL:
        return chr(value) == sign
    if kind is kinds.RANGE:
        return value[0] <= ord(sign) <= value[1]
    category = {kinds.CATEGORY_DIGIT: r"\d", kinds.CATEGORY_SPACE: r"\s", kinds.CATEGORY_WORD: r"\w"}
    others = {kinds.CATEGORY_NOT_DIGIT: r"\D", kinds.CATEGORY_NOT_SPACE: r"\S", kinds.CATEGORY_NOT_WORD: r"\W"}
    return kind is kinds.CATEGORY and re.fullmatch((category | others)[value], sign) is not None


def hard_texts(pattern: str, flags: int) -> Iterator[str]:
    parsed = parser.parse(pattern, flags)
    for filler in FILLERS:
        for branch in range(BRANCHES if "|" in pattern else 1):
            for number in range(Sample(parsed, -1, filler, branch).repetitions):
                text = Sample(parsed, number, filler, branch).text
                if len(text) > LONG / 10:
                    yield text[: 4 * LONG] + "\0"


def taken(pattern: re.Pattern[str], text: str) -> float:
    before = time.process_time()
    for ask in (pattern.fullmatch, pattern.search):
        ask(text)
    return time.process_time() - before


def too_long(*_: object) -> None:
    raise TimeoutError


def slow(pattern: str, flags: str) -> str | None:
    """The beginning of a text that takes too long."""
    compiled = re.compile(pattern, eval(flags, {"re": re}))
    signal.signal(signal.SIGALRM, too_long)
    for text in dict.fromkeys(hard_texts(pattern, compiled.flags)):
        signal.setitimer(signal.ITIMER_REAL, PATIENCE)
        try:
            if taken(compiled, text) > SECONDS:
                return text[:40]
        except TimeoutError:
            return text[:40]
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    return None


@pytest.mark.parametrize(
    "pattern",
    [r"((ns|us|ms|s|m)+)", r"\s*([^<>]*?)\s*<", r"charset\s*=\s*[\"']?\s*(\w+)"],
    ids=["power", "cube", "square"],
)
def test_what_takes_the_square_of_the_time_is_found(pattern: str):
    """The test below has teeth."""
    assert slow(pattern, "re.DOTALL") is not None


def test_each_pattern_reads_any_text_in_one_sweep():
    found = {place: (pattern, slow(pattern, flags)) for place, pattern, flags in source_patterns()}

    assert len(found) > 80
    assert {place: said for place, said in found.items() if said[1] is not None and said[0] not in SHORT} == {}

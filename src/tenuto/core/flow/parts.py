"""Small readers of one key each: texts, numbers, durations, lists, retry. What is wrong becomes a problem and a default."""

from collections.abc import Iterable, Mapping
from typing import Final

from tenuto.core.durations import duration
from tenuto.core.expressions import ExpressionError, Value, compile_value
from tenuto.core.expressions.tokens import closing_brace
from tenuto.core.flow.findings import Findings, brief, has_expression, integer, listing, mapping, number, under, what
from tenuto.core.flow.kinds import OTHER_WORDS
from tenuto.core.flow.model import Retry

MAX_ATTEMPTS: Final = 1_000
_RETRY_KEYS: Final = ("attempts", "delay", "backoff", "max_delay", "on")


class Part:
    """One JSON object of the document, with its path: reads keys and remembers what is wrong with them."""

    __slots__ = ("findings", "members", "path")

    def __init__(self, members: Mapping[str, object], path: str, findings: Findings) -> None:
        self.members = members
        self.path = path
        self.findings = findings

    def at(self, key: str | int) -> str:
        return under(self.path, key)

    def wrong(self, key: str, code: str, message: str, hint: str = "") -> None:
        self.findings.error(self.at(key), code, message, hint)

    def only(self, allowed: Iterable[str], owner: str, hints: Mapping[str, str] | None = None) -> None:
        """Every key is one of those."""
        known = set(allowed)
        for key in self.members:
            if key not in known:
                hint = (hints or {}).get(key) or self._hint(key, known)
                self.wrong(key, "unknown_key", f"{owner} has no `{brief(key)}`", hint)

    def need(self, required: Iterable[str], owner: str) -> None:
        for key in required:
            if key not in self.members:
                self.findings.error(self.path, "missing_key", f"{owner} needs `{key}`")

    def text(self, key: str, default: str = "", hint: str = "") -> str:
        value = self.members.get(key, default)
        if isinstance(value, str):
            return value
        self.wrong(key, "wrong_type", f"`{key}` is {what(value)}, not text", hint)
        return default

    def whole(self, key: str, default: int, low: int, high: int) -> int:
        value = self.members.get(key, default)
        found = integer(value)
        if found is not None and low <= found <= high:
            return found
        shown = brief(value) if isinstance(value, int | float | str) else what(value)
        self.wrong(key, "wrong_value", f"`{key}` is {shown}, not a whole number from {low} to {high}")
        return default

    def decimal(self, key: str, default: float, low: float, high: float) -> float:
        value = self.members.get(key, default)
        found = number(value)
        if found is not None and low <= found <= high:
            return float(found)
        shown = brief(value) if isinstance(value, int | float | str) else what(value)
        self.wrong(key, "wrong_value", f"`{key}` is {shown}, not a number from {low:g} to {high:g}")
        return default

    def seconds(self, key: str, default: float) -> float:
        value = self.members.get(key, default)
        found = duration(value)
        if found is not None:
            return found
        self.wrong(key, "wrong_duration", _no_duration(key, value), "write 250ms, 10s, 5m, 1h or 2d")
        return default

    def one_of(self, key: str, choices: Iterable[str], default: str) -> str:
        value = self.members.get(key, default)
        known = tuple(choices)
        if value in known:
            return str(value)
        hint = self.findings.suggest(value, known) if isinstance(value, str) else ""
        shown = f"`{brief(value)}`" if isinstance(value, str) else what(value)
        self.wrong(key, "wrong_value", f"`{key}` is {shown}, not one of: {', '.join(known)}", hint)
        return default

    def value(self, key: str) -> Value | None:
        """The key as a value with expressions inside; None where there is no such key."""
        return compiled(self.members[key], self.at(key), self.findings) if key in self.members else None

    def timeout(self, key: str = "timeout") -> Value | None:
        """A duration, or an expression that gives one."""
        if key in self.members and not has_expression(self.members[key]):
            self.seconds(key, 0.0)
        return self.value(key)

    def decision(self, key: str) -> Value | None:
        """true, false, or one expression."""
        given = self.members.get(key)
        if key in self.members and not isinstance(given, bool) and not is_expression(given):
            shown = f"the text `{brief(given)}`" if isinstance(given, str) else what(given)
            self.wrong(key, "wrong_type", f"`{key}` is {shown}, not one `${{…}}`", how_to_be_one(given))
        return self.value(key)

    def _hint(self, key: str, known: set[str]) -> str:
        word = OTHER_WORDS.get(key)
        return f"use `{word}`" if word in known else self.findings.suggest(key, sorted(known))


def compiled(value: object, path: str, findings: Findings) -> Value:
    """The value with its expressions compiled; those that do not compile are problems."""
    result, errors = compile_value(value)
    for where, error in errors:
        at = f"{path}{where}" if where.startswith("[") else f"{path}.{where}" if where else path
        findings.error(at, f"expression_{error.code}", error.message, error.hint, offset=error.offset)
    return result


def is_expression(value: object) -> bool:
    """Whether it is a text of one `${…}` and nothing else, so that it keeps the type of its value."""
    if not isinstance(value, str) or not value.startswith("${"):
        return False
    try:
        return closing_brace(value, 2) == len(value) - 1
    except ExpressionError:
        return True  # which `compiled` says


def how_to_be_one(value: object) -> str:
    """What turns the value into one expression and nothing else, where that is plain."""
    if not isinstance(value, str):
        return ""
    if not has_expression(value):
        return f"write `${{{brief(value)}}}`"
    if is_expression(value.strip()):
        return "take away what is around the `${…}`: spaces, or the line break of a YAML block (write `>-`)"
    return ""


def read_retry(value: object, path: str, findings: Findings) -> Retry:
    members = mapping(value)
    if members is None:
        hint = f"write `retry: {{attempts: {value}}}`" if integer(value) else "write `retry: {attempts: 3}`"
        findings.error(path, "wrong_type", f"`retry` is {what(value)}", hint)
        return Retry()
    part = Part(members, path, findings)
    part.only(
        _RETRY_KEYS, "`retry`", {"max": "use `attempts`", "max_attempts": "use `attempts`", "times": "use `attempts`"}
    )
    part.need(("attempts",), "`retry`")
    return Retry(
        attempts=part.whole("attempts", 1, 1, MAX_ATTEMPTS),
        delay=part.seconds("delay", 1.0),
        backoff=part.decimal("backoff", 2.0, 1.0, 100.0),
        max_delay=part.seconds("max_delay", 60.0),
        on=frozenset(texts(part, "on")),
    )


def texts(part: Part, key: str) -> list[str]:
    """A list of texts."""
    items = listing(part.members.get(key, []))
    if items is None:
        part.wrong(key, "wrong_type", f"`{key}` is {what(part.members[key])}, not a list", f"write `{key}: [a, b]`")
        return []
    found = [item for item in items if isinstance(item, str) and item]
    if len(found) < len(items):
        part.wrong(key, "wrong_type", f"`{key}` is a list of texts")
    return found


def _no_duration(key: str, value: object) -> str:
    return f"`{key}` is {brief(value) if isinstance(value, int | float | str) else what(value)}, not a duration"

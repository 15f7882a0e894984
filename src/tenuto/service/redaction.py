"""Values of secrets taken out of what is given back, in every form that they usually take."""

import base64
import json
from typing import Any, Final, cast
from urllib.parse import quote, quote_plus

from tenuto.ports.secrets import BoundSecret

# Shorter values would blank out ordinary text; who has such a secret is told so by `doctor`.
SHORTEST: Final = 4


class Redactor:
    """Replaces the values of the secrets that one node was given, and their usual disguises, by `[secret:NAME]`."""

    __slots__ = ("_marks", "bound")

    def __init__(self) -> None:
        self._marks: list[tuple[str, str]] = []
        self.bound: dict[str, tuple[str, ...]] = {}  # by name: the hosts that it may be sent to

    @classmethod
    def beside(cls, other: "Redactor | None") -> "Redactor":
        """One that knows what the other knows, and may learn more."""
        made = cls()
        if other is not None:
            made._marks, made.bound = list(other._marks), dict(other.bound)  # noqa: SLF001  of its own kind
        return made

    def add(self, name: str, value: str) -> None:
        if isinstance(value, BoundSecret):
            self.bound[name] = value.hosts
        if len(value) < SHORTEST:
            return
        mark = f"[secret:{name}]"
        known = dict(self._marks)
        known.update((form, mark) for form in _forms(value))
        # The longest first: a value inside another must not leave the rest of it standing.
        self._marks = sorted(known.items(), key=lambda pair: -len(pair[0]))

    def __bool__(self) -> bool:
        return bool(self._marks)

    def text(self, text: str) -> str:
        for form, mark in self._marks:
            if form in text:
                text = text.replace(form, mark)
        return text

    def value(self, value: Any) -> Any:
        """A JSON value without secrets, keys of objects included."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(member) for member in cast("list[Any]", value)]
        if isinstance(value, dict):
            return {self.text(key): self.value(member) for key, member in cast("dict[str, Any]", value).items()}
        return value


def _forms(value: str) -> set[str]:
    """The value as it is, in URLs, in JSON, and in base64 at each of the three places where it may begin."""
    raw = value.encode("utf-8", "surrogatepass")
    forms = {value, quote(value, safe=""), quote(value), quote_plus(value), repr(value)[1:-1], raw.hex()}
    forms |= {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    forms |= {line for line in value.splitlines() if len(line) >= 2 * SHORTEST}
    for shift in range(3):
        forms |= _base64_forms(raw, shift)
    return {form for form in forms if len(form) >= SHORTEST}


def _base64_forms(raw: bytes, shift: int) -> set[str]:
    """The characters of a base64 text that only this value decides, when `shift` bytes stand before it."""
    encoded = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
    first = (0, 2, 3)[shift]
    # The last character may carry bits of what follows.
    last = len(encoded) if (shift + len(raw)) % 3 == 0 else len(encoded) - 1
    middle = encoded[first:last]
    if len(middle) < SHORTEST * 2:
        return set()
    return {middle, middle.translate(str.maketrans("+/", "-_"))}

"""JSON values as the heart sees them: what counts as one, how two are told apart, how they are hashed.

No I/O and no third-party encoder: hosts may use faster ones, but hashes are computed here so that every host agrees.
"""

import hashlib
import json
import math
from enum import Enum
from typing import Any, Final, Literal, TypeGuard, cast

# What a JSON value is cannot be said in Python's type language without paying for it at every use; `object` it is.

MAX_DEPTH: Final = 200
INT_MIN: Final = -(2**63)
INT_MAX: Final = 2**63 - 1


class Nothing(Enum):
    """The absence of a value: a node that was skipped, failed or has not settled. Not the same as null."""

    NOTHING = "nothing"

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING: Final[Literal[Nothing.NOTHING]] = Nothing.NOTHING


class Secret:
    """A secret by name, standing in a bound input until the host puts its value there. Recorded as `{"$secret": NAME}`.

    Neither this nor `SecretText` is a dataclass: fast encoders write those out as they are, without asking, and what
    is recorded of a secret must be asked for.
    """

    __match_args__ = ("name",)
    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other.name == self.name

    def __hash__(self) -> int:
        return hash((Secret, self.name))

    def __repr__(self) -> str:
        return f"Secret({self.name!r})"


class SecretText:
    """Text with secrets inside, as `"Bearer ${secrets.TOKEN}"`: literal parts and `Secret`s, joined by the host."""

    __match_args__ = ("parts",)
    __slots__ = ("parts",)

    def __init__(self, parts: tuple[str | Secret, ...]) -> None:
        self.parts = parts

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretText) and other.parts == self.parts

    def __hash__(self) -> int:
        return hash((SecretText, self.parts))

    def __repr__(self) -> str:
        return f"SecretText({self.parts!r})"


class NotJson(ValueError):
    """A value that cannot be recorded; the message says where and why."""


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def canonical(value: object) -> str:
    """The one text of a JSON value: sorted keys, no spaces, UTF-8 as it is. Equal values give equal texts."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_secret
    )


def digest(value: object) -> str:
    """A content hash of a JSON value, in hex."""
    return hashlib.sha256(canonical(value).encode("utf-8", "surrogatepass")).hexdigest()


def recordable(value: object) -> object:
    """The JSON that the journal keeps of a bound input: secrets by name."""
    if isinstance(value, Secret | SecretText):
        return _secret(value)
    if is_object(value):
        return {key: recordable(member) for key, member in value.items()}
    if is_list(value):
        return [recordable(member) for member in value]
    return value


def check_json(value: object, where: str = "value", depth: int = 0) -> None:
    """Raise `NotJson` unless the value is JSON that every store can keep: 64-bit ints, finite floats, whole Unicode."""
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        _check_text(value, where)
    elif isinstance(value, int):
        if not INT_MIN <= value <= INT_MAX:
            raise NotJson(f"{where} is an integer outside 64 bits")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise NotJson(f"{where} is {value}, which JSON cannot say")
    elif depth >= MAX_DEPTH:
        raise NotJson(f"{where} is nested deeper than {MAX_DEPTH} levels")
    else:
        _check_members(value, where, depth + 1)


def _check_members(value: object, where: str, depth: int) -> None:
    if is_list(value):
        for index, member in enumerate(value):
            check_json(member, f"{where}[{index}]", depth)
    elif is_object(value):
        for key, member in value.items():
            if not isinstance(cast("object", key), str):
                raise NotJson(f"{where} has the key {key!r}, which is not text")
            _check_text(key, where)
            check_json(member, f"{where}.{key}", depth)
    else:
        raise NotJson(f"{where} is a {type(value).__name__}, which JSON cannot say")


def _check_text(text: str, where: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise NotJson(f"{where} holds half a surrogate pair at {error.start}") from None


def _secret(value: object) -> object:
    if isinstance(value, Secret):
        return {"$secret": value.name}
    if isinstance(value, SecretText):
        return {"$text": [_secret(part) if isinstance(part, Secret) else part for part in value.parts]}
    raise NotJson(f"a {type(value).__name__} is not JSON")

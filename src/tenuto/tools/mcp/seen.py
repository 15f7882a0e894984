"""Text of strangers, as a person would see it."""

from typing import Any, Final, cast

LONGEST: Final = 4_000  # characters of a text in a definition
_UNSEEN: Final = "\N{REPLACEMENT CHARACTER}"


def seen(text: str) -> str:
    """Text without characters that a person would not see and a model would: they are replaced, not left out."""
    return "".join(each if each.isprintable() or each in "\n\t" else _UNSEEN for each in text)


def seen_in(value: Any) -> Any:
    """The same for all texts in a schema."""
    if isinstance(value, str):
        return seen(value)[:LONGEST]
    if isinstance(value, list):
        return [seen_in(each) for each in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {seen(key): seen_in(each) for key, each in cast("dict[str, Any]", value).items()}
    return value

"""Spans and points of time as documents write them: `250ms`, `10s`, `5m`, `1h`, `2d`; RFC 3339.

Pure: text to seconds and back. Whoever needs to know what time it is now asks a host. What is no such text is None, so
that a checker and a machine can each say it in their own words.
"""

import re
from datetime import UTC, datetime
from functools import lru_cache
from math import modf
from typing import Final

MAX_SECONDS: Final = 10 * 366 * 86_400.0

_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
_DURATION: Final = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)(ms|s|m|h|d)", re.ASCII)
_TIMESTAMP: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})", re.ASCII
)


def parse_duration(text: str) -> float | None:
    """Seconds of `10s` and its like; None if it is no duration or longer than ten years."""
    match = _DURATION.fullmatch(text)
    if match is None:
        return None
    seconds = float(match[1]) * _UNITS[match[2]]
    return seconds if seconds <= MAX_SECONDS else None


def duration(value: object) -> float | None:
    """Seconds of a duration as text or as a plain number of seconds; None if it is neither."""
    if isinstance(value, str):
        return parse_duration(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MAX_SECONDS:
        return float(value)
    return None


def parse_timestamp(text: str) -> float | None:
    """Seconds since 1970 of an RFC 3339 time; None if it is none. The offset is required: there is no local time."""
    if not _TIMESTAMP.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.upper()).timestamp()
    except (ValueError, OverflowError):
        return None


def format_timestamp(seconds: float) -> str:
    """RFC 3339 in UTC, as short as it can be: `2030-01-31T09:00:00Z`."""
    whole, micros = whole_and_micros(seconds)
    return f"{format_second(whole)}.{micros:06d}Z" if micros else f"{format_second(whole)}Z"


def whole_and_micros(seconds: float) -> tuple[int, int]:
    """Whole seconds, and the microseconds after them, rounded as `datetime` does."""
    fraction, whole = modf(seconds)
    micros = round(fraction * 1_000_000)
    return divmod(int(whole) * 1_000_000 + micros, 1_000_000)


@lru_cache(maxsize=256)  # what is told of mostly happened just now
def format_second(seconds: int) -> str:
    """`2030-01-31T09:00:00`, without the fraction and the zone."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:19]

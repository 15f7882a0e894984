"""Timestamps and durations as text, as numbers, and as what a calendar says of them. No clock, no zone database."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

from tenuto.core.expressions.errors import ExpressionError, wrong_argument
from tenuto.core.expressions.kinds import Duration, Timestamp

SECOND: Final = 1_000_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST: Final = -62_135_596_800 * SECOND  # 0001-01-01T00:00:00Z
_LAST: Final = 253_402_300_800 * SECOND - 1  # 9999-12-31T23:59:59.999999999Z
_LONGEST: Final = 315_576_000_000 * SECOND  # about 10,000 years, as in CEL

_RFC3339: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)
# Each part has a digit: were it optional, `ms` could be read as two parts, and a long row of them in 2^n ways.
_PART: Final = re.compile(r"(?=\.?[0-9])([0-9]{0,18})(?:\.([0-9]{0,18}))?(ns|us|µs|ms|s|m|h)")
_DURATION: Final = re.compile(rf"([+-]?)((?:{_PART.pattern})+)")
_UNITS: Final = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "ms": 1_000_000,
    "s": SECOND,
    "m": 60 * SECOND,
    "h": 3600 * SECOND,
}
_OFFSET: Final = re.compile(r"([+-]?)([0-9]{1,2}):([0-9]{2})")


def checked_timestamp(nanos: int) -> Timestamp:
    """A moment of the years 1 to 9999."""
    if _FIRST <= nanos <= _LAST:
        return Timestamp(nanos)
    raise ExpressionError("overflow", "the timestamp is outside the years 1 to 9999")


def checked_duration(nanos: int) -> Duration:
    """A duration of at most 10,000 years or so."""
    if -_LONGEST <= nanos <= _LONGEST:
        return Duration(nanos)
    raise ExpressionError("overflow", "the duration is longer than 10,000 years")


def read_timestamp(text: str) -> Timestamp:
    """RFC 3339: `2026-01-31T08:00:00Z`, with a fraction or an offset if need be."""
    match = _RFC3339.fullmatch(text) if len(text) <= 40 else None
    if not match:
        raise _no_timestamp(text)
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise _no_timestamp(text) from None
    fraction = int((match[7] or "").ljust(9, "0"))
    return checked_timestamp(_nanos(moment - _EPOCH) + fraction - _offset_of(match, text))


def _offset_of(match: re.Match[str], text: str) -> int:
    if not match[8]:
        return 0
    hours, minutes = int(match[9]), int(match[10])
    if hours > 23 or minutes > 59:
        raise _no_timestamp(text)
    return (hours * 60 + minutes) * 60 * SECOND * (-1 if match[8] == "-" else 1)


def _no_timestamp(text: str) -> ExpressionError:
    return wrong_argument(f"{_shown(text)} is no timestamp", "write it like '2026-01-31T08:00:00Z'")


def _nanos(delta: timedelta) -> int:
    return (delta.days * 86_400 + delta.seconds) * SECOND + delta.microseconds * 1_000


def read_duration(text: str) -> Duration:
    """Numbers with units: `1h30m`, `1.5s`, `-250ms`, `0`."""
    if text.lstrip("+-") == "0" and len(text) <= 2:
        return Duration(0)
    match = _DURATION.fullmatch(text) if len(text) <= 100 else None
    if not match:
        raise _no_duration(text)
    total = 0
    for part in _PART.finditer(match[2]):
        whole, fraction, unit = part[1], part[2] or "", _UNITS[part[3]]
        total += int(whole or 0) * unit + int(fraction or 0) * unit // 10 ** len(fraction)
    return checked_duration(-total if match[1] == "-" else total)


def _no_duration(text: str) -> ExpressionError:
    return wrong_argument(f"{_shown(text)} is no duration", "write it like '1h30m' or '1.5s'; units are h, m, s, ms")


def _shown(text: str) -> str:
    return f"'{text}'" if len(text) <= 40 else f"'{text[:37]}…'"


def write_timestamp(moment: Timestamp) -> str:
    """RFC 3339 in UTC."""
    seconds, nanos = divmod(moment.nanos, SECOND)
    whole = _EPOCH + timedelta(seconds=seconds)
    return f"{whole.year:04}-{whole:%m-%dT%H:%M:%S}{_fraction(nanos)}Z"


def write_duration(length: Duration) -> str:
    """Seconds: `5400s`, `1.500s`."""
    seconds, nanos = divmod(abs(length.nanos), SECOND)
    return f"{'-' if length.nanos < 0 else ''}{seconds}{_fraction(nanos)}s"


def _fraction(nanos: int) -> str:
    if not nanos:
        return ""
    digits = f"{nanos:09}"
    return f".{digits[:3]}" if digits.endswith("000000") else f".{digits[:6] if digits.endswith('000') else digits}"


def local(moment: Timestamp, zone: str | None) -> datetime:
    """The moment as a calendar and a clock show it, at an offset from UTC."""
    shifted = moment.nanos // SECOND + (_offset(zone) if zone is not None else 0)
    try:
        return _EPOCH + timedelta(seconds=shifted)
    except OverflowError:
        raise ExpressionError("overflow", "the timestamp is outside the years 1 to 9999") from None


def _offset(zone: str) -> int:
    if zone == "UTC":
        return 0
    match = _OFFSET.fullmatch(zone)
    if not match or int(match[2]) > 23 or int(match[3]) > 59:
        raise wrong_argument(
            f"{_shown(zone)} is no offset from UTC",
            "write '+02:00'; what a zone's name means changes, so names are refused",
        )
    seconds = (int(match[2]) * 60 + int(match[3])) * 60
    return -seconds if match[1] == "-" else seconds


def day_of_year(moment: datetime) -> int:
    """Counted from 0."""
    return (moment.date() - date(moment.year, 1, 1)).days

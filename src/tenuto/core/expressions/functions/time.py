"""What a calendar and a clock show of a timestamp, and the parts of a duration. Without an offset the time is UTC."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from tenuto.core.expressions.errors import wrong_argument
from tenuto.core.expressions.functions.function import TEXT, TIME, TIMESTAMP, Function, Group, Types
from tenuto.core.expressions.kinds import Cel, Timestamp, kind_of
from tenuto.core.expressions.moments import SECOND, day_of_year, local
from tenuto.core.expressions.scope import Scope


def _calendar(part: Callable[[datetime], int]) -> Callable[..., Cel]:
    def call(_scope: Scope, moment: Timestamp, offset: str | None = None) -> int:
        return part(local(moment, offset))

    return call


def _clock(part: Callable[[datetime], int], of_duration: Callable[[int], int]) -> Callable[..., Cel]:
    def call(_scope: Scope, value: Cel, offset: str | None = None) -> int:
        if kind_of(value) is Timestamp:
            return part(local(value, offset))
        if offset is not None:
            raise wrong_argument("a duration has no offset")
        whole = of_duration(abs(value.nanos))
        return -whole if value.nanos < 0 else whole

    return call


def _milliseconds(_scope: Scope, value: Cel, offset: str | None = None) -> int:
    if kind_of(value) is Timestamp:
        local(value, offset)  # refuses a wrong offset
        return value.nanos % SECOND // 1_000_000
    if offset is not None:
        raise wrong_argument("a duration has no offset")
    whole = abs(value.nanos) % SECOND // 1_000_000
    return -whole if value.nanos < 0 else whole


def _function(
    name: str, call: Callable[..., Cel], doc: str, example: str, result: int, takes: Types = TIMESTAMP
) -> Function:
    return Function(
        name, call, (takes, TEXT), f"time.{name}([offset]) -> int", doc, example, result, optional=1, cost=25
    )


_FUNCTIONS: Final = (
    _function("getDate", _calendar(lambda t: t.day), "Day of the month, from 1.",
        "timestamp('2026-03-31T23:30:00Z').getDate('+01:00')", 1),
    _function("getDayOfMonth", _calendar(lambda t: t.day - 1), "Day of the month, from 0.",
        "timestamp('2026-03-31T23:30:00Z').getDayOfMonth()", 30),
    _function("getDayOfWeek", _calendar(lambda t: t.isoweekday() % 7), "Day of the week; Sunday is 0.",
        "timestamp('2026-03-31T23:30:00Z').getDayOfWeek()", 2),
    _function("getDayOfYear", _calendar(day_of_year), "Day of the year, from 0.",
        "timestamp('2026-02-01T00:00:00Z').getDayOfYear()", 31),
    _function("getFullYear", _calendar(lambda t: t.year), "The year.",
        "timestamp('2026-02-01T00:00:00Z').getFullYear()", 2026),
    _function("getHours", _clock(lambda t: t.hour, lambda n: n // (3600 * SECOND)), "The hour; of a duration, all of its hours.",
        "timestamp('2026-02-01T08:00:00Z').getHours('-05:30') + duration('90m').getHours()", 3, TIME),
    _function("getMilliseconds", _milliseconds, "The milliseconds within the second.",
        "timestamp('2026-02-01T08:00:00.25Z').getMilliseconds()", 250, TIME),
    _function("getMinutes", _clock(lambda t: t.minute, lambda n: n // (60 * SECOND)), "The minute; of a duration, all of its minutes.",
        "duration('1h30m').getMinutes()", 90, TIME),
    _function("getMonth", _calendar(lambda t: t.month - 1), "The month, from 0.",
        "timestamp('2026-02-01T00:00:00Z').getMonth()", 1),
    _function("getSeconds", _clock(lambda t: t.second, lambda n: n // SECOND), "The second; of a duration, all of its seconds.",
        "(timestamp('2026-02-01T00:01:00Z') - timestamp('2026-02-01T00:00:00Z')).getSeconds()", 60, TIME),
)  # fmt: skip

GROUP: Final = Group("Time", _FUNCTIONS)

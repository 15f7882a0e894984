"""When a cron line ticks. Pure: moments in, moments out, seconds since the epoch.

A line whose hour is `*` ticks as time passes. One that names hours means the clock on the wall: what falls into the hour
that is skipped in spring happens once, right after it; what falls into the hour that autumn has twice happens the first
time only.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import islice
from zoneinfo import ZoneInfo

from cronsim import CronSim

_MINUTE = timedelta(minutes=1)


def next_tick(line: str, zone: str, after: float) -> float | None:
    """The first tick later than `after`; None if there is none within fifty years."""
    return next(ticks(line, zone, after), None)


def next_ticks(line: str, zone: str, after: float, count: int) -> list[float]:
    return list(islice(ticks(line, zone, after), count))


def ticks(line: str, zone: str, after: float) -> Iterator[float]:
    """All that come later than `after`, in order, none twice."""
    last = after
    for tick in _ticks(line, _zone(zone), after):
        if tick > last:
            last = tick
            yield tick


def _ticks(line: str, zone: tzinfo, after: float) -> Iterator[float]:
    begun = datetime.fromtimestamp(int(after // 1), zone)
    if line.split()[-4] == "*":
        for tick in CronSim(line, begun):
            yield tick.timestamp()
    else:
        for tick in CronSim(line, begun.replace(tzinfo=None, fold=0)):
            yield _on_the_wall(tick, zone)


def _on_the_wall(tick: datetime, zone: tzinfo) -> float:
    """When the clock shows this, for the first time; the end of the gap, if it never does."""
    local = tick.replace(tzinfo=zone)
    if not _skipped(local):
        return local.timestamp()
    local = local.replace(second=0)
    while _skipped(local):
        local += _MINUTE
    return local.timestamp()


def _skipped(local: datetime) -> bool:
    there_and_back = local.astimezone(UTC).astimezone(local.tzinfo)
    return there_and_back.replace(tzinfo=None) != local.replace(tzinfo=None)


@lru_cache(1_000)
def _zone(name: str) -> tzinfo:
    return UTC if name == "UTC" else ZoneInfo(name)

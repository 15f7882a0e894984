"""What only a library knows of a flow's triggers: whether a cron line ever ticks, and whether there is such a time zone."""

from collections.abc import Mapping
from datetime import UTC, datetime
from difflib import get_close_matches

from tenuto.core.flow import Flow
from tenuto.core.flow.findings import brief, under
from tenuto.core.problems import Problem


def wrong_triggers(flow: Flow) -> list[Problem]:
    """What is wrong with its crons."""
    found: list[Problem] = []
    for index, trigger in enumerate(flow.triggers):
        if "cron" in trigger:
            found += _wrong(trigger, under("triggers", index))
    return found


def _wrong(trigger: Mapping[str, object], path: str) -> list[Problem]:
    found: list[Problem] = []
    line, zone = str(trigger["cron"]), str(trigger.get("timezone", "UTC"))
    if reason := wrong_line(line):
        found.append(Problem(under(path, "cron"), "wrong_cron", reason, 'write five fields, such as "0 9 * * 1-5"'))
    if wrong_zone(zone):
        found.append(
            Problem(under(path, "timezone"), "unknown_zone", f"there is no time zone `{brief(zone)}`", _near(zone))
        )
    return found


def wrong_line(line: str) -> str:
    """Why this is no cron line, or nothing."""
    from cronsim import CronSim, CronSimError

    try:
        next(CronSim(line, datetime(2024, 1, 1, tzinfo=UTC)))  # it looks at the next fifty years
    except CronSimError as error:
        return f"`{brief(line)}` is no cron line: {str(error)[:1].lower()}{str(error)[1:]}"
    except StopIteration:
        return f"`{brief(line)}` never ticks"
    return ""


def wrong_zone(zone: str) -> bool:
    """Whether nobody knows the time zone."""
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):  # unknown; no name at all; a folder of the database
        return True
    return False


def _near(zone: str) -> str:
    from zoneinfo import available_timezones

    near = get_close_matches(zone, available_timezones(), n=1)
    return f"did you mean `{near[0]}`?" if near else "write Europe/Vienna or UTC"

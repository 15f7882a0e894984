"""`/v1/schedules`: cron triggers of what is published. What ticks is changed by publishing; here it is looked at, paused, fired."""

from typing import Annotated, Literal

from fastapi import Path
from pydantic import BaseModel, Field

from tenuto.api.access import Can
from tenuto.api.errors import problems
from tenuto.api.limits import limited
from tenuto.api.paging import Paged
from tenuto.api.platform import ThePlatform
from tenuto.api.routing import Router
from tenuto.api.transactions import Reading, Writing
from tenuto.ports.journal import RunEntry
from tenuto.service import schedules
from tenuto.service.principal import Principal
from tenuto.service.runs import moment
from tenuto.service.schedules import ScheduleView

Reader = Annotated[Principal, Can("schedules:read")]
Writer = Annotated[Principal, Can("schedules:write")]

Id = Annotated[str, Path(max_length=200, examples=["prod.daily-report.0"])]
Moment = Annotated[str, Field(examples=["2027-01-15T09:00:00.000Z"])]

router = Router(prefix="/v1/schedules", tags=["schedules"])


class RunShown(BaseModel):
    """A run, in short."""

    id: str
    name: str
    status: Literal["queued", "running", "waiting", "succeeded", "failed", "cancelled"]


class ScheduleShown(BaseModel):
    """`next`: the ticks to come, none while it is paused. `last_run`: of the last tick, if that run is still kept."""

    id: Annotated[str, Field(examples=["prod.daily-report.0"], description="Stage, flow, and which of its triggers.")]
    flow: str
    stage: str
    version: int
    cron: Annotated[str, Field(examples=["0 9 * * 1-5"])]
    timezone: Annotated[str, Field(examples=["Europe/Vienna"])]
    paused: bool
    next: list[Moment]
    last_tick: Moment | None
    last_run: RunShown | None


@router.get("", summary="List schedules")
async def listing(who: Reader, platform: ThePlatform, tx: Reading) -> Paged[ScheduleShown]:
    """By stage and flow. There are few, so this is one page."""
    return Paged[ScheduleShown](items=[_shown(view) for view in await schedules.listing(platform, tx, who)])


@router.get("/{id}", summary="Show a schedule", responses=problems(404))
async def show(id: Id, who: Reader, platform: ThePlatform, tx: Reading) -> ScheduleShown:  # noqa: A002  the word of the URL
    """When it ticks next, and what became of the last tick."""
    return _shown(await schedules.get(platform, tx, who, id))


@router.post("/{id}/pause", summary="Pause a schedule", responses=problems(404, 409))
async def pause(id: Id, who: Writer, platform: ThePlatform, tx: Writing) -> ScheduleShown:  # noqa: A002  as above
    """No ticks until it is resumed, whatever version is published meanwhile with the same cron line."""
    return _shown(await schedules.pause(platform, tx, who, id))


@router.post("/{id}/resume", summary="Resume a schedule", responses=problems(404, 409))
async def resume(id: Id, who: Writer, platform: ThePlatform, tx: Writing) -> ScheduleShown:  # noqa: A002  as above
    """From now on; what would have ticked while it was paused is not made up for."""
    return _shown(await schedules.resume(platform, tx, who, id))


@router.post(
    "/{id}/trigger",
    status_code=201,
    summary="Start its run now",
    responses=problems(404, 409),
    openapi_extra=limited("start"),
)
async def trigger(id: Id, who: Writer, platform: ThePlatform) -> RunShown:  # noqa: A002  as above
    """As if it ticked; its own ticks stay as they are."""
    return _run(await schedules.fire(platform, who, id))


def _shown(view: ScheduleView) -> ScheduleShown:
    schedule = view.schedule
    return ScheduleShown(
        id=view.id,
        flow=schedule.flow,
        stage=schedule.stage,
        version=schedule.version,
        cron=schedule.cron,
        timezone=schedule.timezone,
        paused=view.paused,
        next=[said for each in view.next if (said := moment(each))],
        last_tick=moment(schedule.last_tick),
        last_run=None if view.last_run is None else _run(view.last_run),
    )


def _run(entry: RunEntry) -> RunShown:
    return RunShown.model_validate({"id": entry.id, "name": entry.name, "status": entry.status})

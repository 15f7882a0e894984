"""What `tenuto webhooks …` does, on the store of the data directory. A server that owns it sees it within seconds."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tenuto.cli.house import place_of
from tenuto.cli.look import ago, line, note, say
from tenuto.cli.painting import Cell, Painter
from tenuto.cli.safe_keeping import Desk, at_desk
from tenuto.ports.engine import Refused

ENDS = ("run.succeeded", "run.failed", "run.cancelled")
STATUSES = ("pending", "delivered", "dead")
_MOST = 500


def listing(data: Path | None, tenant: str, *, json: bool) -> int:
    from tenuto.service import webhooks

    async def act(desk: Desk) -> Any:
        async with desk.vault.store.read() as tx:
            return await webhooks.listing(tx, desk.who, limit=_MOST)

    page = at_desk(place_of(data), tenant, act)
    if json:
        items = [webhooks.webhook_json(each) for each in page.items]
        say(line({"items": items, "next_cursor": page.next_cursor}))
    elif not page.items:
        note("no webhooks: `tenuto webhooks add URL` adds one")
    else:
        Painter.for_stdout().table([_row(each) for each in page.items], heads=("id", "url", "types", "", ""))
    return 0


def add(
    data: Path | None,
    tenant: str,
    url: str,
    types: Sequence[str],
    labels: Sequence[str],
    flow: str | None,
    stage: str | None,
    description: str,
    *,
    json: bool,
) -> int:
    from tenuto.service import webhooks

    wish = webhooks.Wish(
        url=url, types=types or ENDS, labels=_labels(labels), flow=flow, stage=stage, description=description
    )

    async def act(desk: Desk) -> Any:
        async with desk.vault.store.write() as tx:
            return await webhooks.create(_desk(desk), tx, desk.who, wish, at=time.time())

    place = place_of(data)
    place.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    made, secret = at_desk(place, tenant, act)
    if json:
        say(line({**webhooks.webhook_json(made), "secret": secret}))
    else:
        say(f"{made.id} is sent {', '.join(made.types)}")
        say(secret)
        note("this is its secret; it is not shown again")
    return 0


def remove(data: Path | None, tenant: str, webhook: str, *, json: bool) -> int:
    from tenuto.service import webhooks

    async def act(desk: Desk) -> None:
        async with desk.vault.store.write() as tx:
            await webhooks.delete(_desk(desk), tx, desk.who, webhook, at=time.time())

    at_desk(place_of(data), tenant, act)
    say(line({"id": webhook, "removed": True}) if json else f"removed {webhook}")
    return 0


def deliveries(data: Path | None, tenant: str, webhook: str, status: str | None, limit: int, *, json: bool) -> int:
    from tenuto.service import webhooks

    if status is not None and status not in STATUSES:
        raise Refused("invalid", f"there is no status `{status}`", f"one of {', '.join(STATUSES)}")

    async def act(desk: Desk) -> Any:
        async with desk.vault.store.read() as tx:
            return await webhooks.deliveries(tx, desk.who, webhook, status=status, limit=limit)

    page = at_desk(place_of(data), tenant, act)
    if json:
        items = [webhooks.delivery_json(each) for each in page.items]
        say(line({"items": items, "next_cursor": page.next_cursor}))
    elif not page.items:
        note("nothing was sent to it yet")
    else:
        Painter.for_stdout().table([_sent(each) for each in page.items], heads=("id", "event", "", "tried", ""))
    return 0


def _desk(desk: Desk) -> Any:
    from tenuto.sdk.http import HttpClient
    from tenuto.service.webhooks import Desk as Work

    return Work(desk.vault, HttpClient(desk.settings.http_allow))


def _labels(said: Sequence[str]) -> dict[str, str]:
    pairs = [each.partition(":") for each in said]
    if any(not colon or not name for name, colon, _ in pairs):
        raise Refused("invalid", "`--label` is `name:value`")
    return {name: value for name, _, value in pairs}


def _row(webhook: Any) -> list[Cell]:
    if not webhook.active:
        how = Cell(webhook.disabled or "switched off", "red" if webhook.disabled else "bright_black")
    elif webhook.failing_since is not None:
        how = Cell(f"fails since {ago(time.time() - webhook.failing_since)}", "yellow")
    else:
        how = Cell("active", "green")
    only = [webhook.flow and f"flow {webhook.flow}", webhook.stage and f"stage {webhook.stage}"]
    only += [f"{name}:{value}" for name, value in webhook.labels.items()]
    few = ", ".join(filter(None, only))
    return [Cell(webhook.id), Cell(webhook.url, "bold"), Cell(" ".join(webhook.types)), how, Cell(few, "bright_black")]


def _sent(delivery: Any) -> list[Cell]:
    colour = {"delivered": "green", "dead": "red"}.get(delivery.status, "yellow")
    said = delivery.error or (f"answered {delivery.status_code}" if delivery.status_code else "")
    return [
        Cell(delivery.id),
        Cell(delivery.type, "bold"),
        Cell(delivery.status, colour),
        Cell(f"{delivery.attempts} times, {ago(time.time() - delivery.changed_at)}"),
        Cell(said, "bright_black"),
    ]

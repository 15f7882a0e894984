"""What `tenuto variables …` does, on the store of the data directory. A server that owns it sees it within seconds."""

import json as codec
import time
from pathlib import Path
from typing import Any

from tenuto.cli.house import place_of
from tenuto.cli.look import ago, line, note, say
from tenuto.cli.painting import Cell, Painter
from tenuto.cli.safe_keeping import Desk, at_desk
from tenuto.ports.sealed import ANY_STAGE


def put(data: Path | None, tenant: str, name: str, text: str, stage: str, *, json: bool) -> int:
    from tenuto.service import variables

    async def act(desk: Desk) -> Any:
        store = desk.vault.store
        async with store.write() as tx:
            stored = variables.StoredVariables(store, desk.settings.variables)
            return await variables.put(stored, tx, desk.who, name, value, stage=stage)

    value = _value(text)
    place = place_of(data)
    place.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = at_desk(place, tenant, act)
    where = "every stage" if stage == ANY_STAGE else f"stage {stage}"
    say(line(variables.variable_json(made)) if json else f"{name} is {line(made.value)} for {where}")
    return 0


def listing(data: Path | None, tenant: str, stage: str | None, limit: int, *, json: bool) -> int:
    from tenuto.service import variables

    async def act(desk: Desk) -> Any:
        async with desk.vault.store.read() as tx:
            return await variables.listing(tx, desk.who, stage=stage, limit=limit)

    page = at_desk(place_of(data), tenant, act)
    if json:
        items = [variables.variable_json(each) for each in page.items]
        say(line({"items": items, "next_cursor": page.next_cursor}))
    elif not page.items:
        note("no variables: `tenuto variables set NAME VALUE` sets one")
    else:
        Painter.for_stdout().table([_row(each) for each in page.items], heads=("name", "stage", "value", "set", ""))
    return 0


def delete(data: Path | None, tenant: str, name: str, stage: str, *, json: bool) -> int:
    from tenuto.service import variables

    async def act(desk: Desk) -> None:
        store = desk.vault.store
        async with store.write() as tx:
            stored = variables.StoredVariables(store, desk.settings.variables)
            await variables.delete(stored, tx, desk.who, name, stage=stage)

    at_desk(place_of(data), tenant, act)
    say(line({"name": name, "stage": stage, "deleted": True}) if json else f"deleted {name}")
    return 0


def _value(text: str) -> Any:
    try:
        return codec.loads(text)
    except ValueError:
        return text


def _row(value: Any) -> list[Cell]:
    shown = line(value.value)
    return [
        Cell(value.name, "bold"),
        Cell(value.stage, "green"),
        Cell(shown if len(shown) <= 60 else shown[:59] + "…"),
        Cell(ago(time.time() - value.at)),
        Cell(f"by {value.by}", "bright_black"),
    ]

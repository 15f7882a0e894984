"""What `tenuto models` shows."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict

from tenuto.cli.house import place_of
from tenuto.cli.look import line, note, safe, say
from tenuto.cli.painting import Cell, Painter
from tenuto.ports.engine import Refused
from tenuto.ports.models import ModelCard, Price

_TENANT = "default"
_LOCAL = "local"


def list_models(*, json: bool) -> int:
    cards = asyncio.run(_cards())
    if json:
        say(line({"items": [asdict(card) for card in cards]}))
        return 0
    painter = Painter.for_stdout()
    painter.table([_row(card) for card in cards])
    note("any other is asked by its whole name: openai:MODEL, anthropic:MODEL, openai:MODEL@http://HOST/v1")
    return 0


def get(name: str) -> int:
    if name != _LOCAL:
        raise Refused(
            "invalid", f"there is no model `{name[:60]}` to fetch", "`tenuto models get local` fetches the one"
        )
    from tenuto.bootstrap.models import get_local

    say(f"{get_local(note)}: name it as local:smollm2")
    return 0


async def _cards() -> Sequence[ModelCard]:
    from tenuto.bootstrap.models import make_models

    settings = place_of().settings
    models = make_models(settings)
    try:
        return await models.cards(tenant=_TENANT, stage=settings.stage)
    finally:
        await models.aclose()


def _row(card: ModelCard) -> list[Cell]:
    at = f" at {card.base_url}" if card.base_url else ""
    return [
        Cell(safe(card.name), "bold"),
        Cell(safe(card.model + at), "cyan"),
        Cell(_cost(card.price), "bright_black"),
        Cell(safe(card.chosen)),
    ]


def _cost(price: Price | None) -> str:
    if price is None:
        return "no price known"
    return "free" if not (price.input or price.output) else f"${price.input:g} in, ${price.output:g} out"

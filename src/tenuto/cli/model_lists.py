"""What `tenuto models` shows."""

import asyncio
from dataclasses import asdict

from tenuto.cli.house import place_of
from tenuto.cli.look import line, note, safe, say
from tenuto.cli.painting import Cell, Painter
from tenuto.ports.engine import Refused
from tenuto.ports.models import ModelCard, Price

_LOCAL = "local"


def list_models(*, json: bool) -> int:
    from tenuto.bootstrap.models import cards_here

    cards = asyncio.run(cards_here(place_of().settings))
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


def _row(card: ModelCard) -> list[Cell]:
    at = f" at {card.base_url}" if card.base_url else ""
    return [
        Cell(safe(card.name), "bold"),
        Cell(safe(card.model + at), "cyan"),
        Cell(_cost(card.price), "bright_black"),
        Cell(safe(card.trouble), "yellow") if card.trouble else Cell(safe(card.chosen)),
    ]


def _cost(price: Price | None) -> str:
    if price is None:
        return "no price known"
    return "free" if not (price.input or price.output) else f"${price.input:g} in, ${price.output:g} out"

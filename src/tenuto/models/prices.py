"""What models cost: a table in the package that users override. A model that no row names has no price, rather than a wrong one."""

import functools
import re
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Final

from tenuto.ports.models import Price
from tenuto.sdk.agents import Usage
from tenuto.service.model_settings import read_prices

Table = Mapping[str, Price]

_MILLION: Final = 1_000_000
_FREE: Final = Price(0.0, 0.0, 0.0)
_OWN: Final = frozenset({"local", "scripted"})  # they cost nobody anything
_DATED: Final = re.compile(r"-(?:20\d{6}|20\d\d-\d\d-\d\d|latest)$")


class WrongPrice(ValueError):
    """A row of a table that says no price."""


@functools.cache
def shipped() -> Table:
    """The table of the package."""
    text = (resources.files("tenuto.models") / "prices.toml").read_text(encoding="utf-8")
    return read(tomllib.loads(text))


def load(file: Path) -> dict[str, Price]:
    """A user's own table, of the same form. Raises `WrongPrice`."""
    try:
        return read(tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WrongPrice(f"the prices in {file} cannot be read: {error}") from None


def read(given: Mapping[str, Any]) -> dict[str, Price]:
    """Rows as TOML has them."""
    try:
        return read_prices(given)
    except ValueError as error:
        raise WrongPrice(f"a table of prices takes {error}") from None


def price_of(table: Table, provider: str, model: str) -> Price | None:
    """The row of the model, or of its name without a date (`claude-x-20251001`, `gpt-x-latest`)."""
    if provider in _OWN:
        return table.get(f"{provider}:{model}", _FREE)
    if provider == "openai-responses":
        provider = "openai"
    for name in (model, _DATED.sub("", model)):
        found = table.get(f"{provider}:{name}")
        if found is not None:
            return found
    return table.get(f"{provider}:*")


def cost(price: Price, usage: Usage) -> float:
    given = usage.get("input_tokens", 0)
    cached = min(usage.get("cached_tokens", 0), given)
    written = min(usage.get("written_tokens", 0), given - cached)
    dollars = (given - cached - written) * price.input + usage.get("output_tokens", 0) * price.output
    dollars += cached * (price.input if price.cached is None else price.cached)
    dollars += written * (price.input if price.written is None else price.written)
    return round(dollars / _MILLION, 9)

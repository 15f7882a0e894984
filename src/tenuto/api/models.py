"""`/v1/models`: the models that agents may name, the default among them, and how they are."""

from typing import Annotated, Literal

from fastapi import Path, Query
from pydantic import BaseModel, Field

from tenuto.api.access import Can
from tenuto.api.errors import problems
from tenuto.api.moments import Moment
from tenuto.api.platform import ThePlatform
from tenuto.api.routing import Router
from tenuto.ports.models import ModelCard, Price
from tenuto.service import models
from tenuto.service.principal import Principal
from tenuto.service.runs import moment

Reader = Annotated[Principal, Can("agents:read")]
Name = Annotated[
    str, Path(description="As a file writes it, or what that means.", examples=["default"], max_length=300)
]
Stage = Annotated[str | None, Query(max_length=63, description="Whose secrets hold keys; `dev` unless said.")]

router = Router(prefix="/v1/models", tags=["agents"])


class PriceShown(BaseModel):
    """US dollars for a million tokens. `cached`: of input that the provider had kept; `written`: of input that it now keeps."""

    input: float
    output: float
    cached: float | None
    written: float | None


class ModelShown(BaseModel):
    """`breaker`: `open` while it is known to be down, and nobody asks it before `until`."""

    name: Annotated[str, Field(examples=["default"], description="As a file writes it.")]
    model: Annotated[str, Field(examples=["openai:gpt-6-sol"], description="What it means.")]
    default: bool
    chosen: Annotated[
        str, Field(examples=["OPENAI_API_KEY is set, and no model is named"], description="Why it is this one.")
    ]
    base_url: Annotated[str, Field(description="Where it answers, if not at the provider's own address.")]
    price: PriceShown | None
    breaker: Literal["closed", "open", "half-open"]
    until: Moment | None
    trouble: Annotated[str, Field(description="Why it cannot be asked, where it cannot.")]


class ModelPage(BaseModel):
    """All of them: the default first."""

    items: list[ModelShown]
    next_cursor: None = None


@router.get("", summary="List models", responses=problems(404))
async def listing(who: Reader, platform: ThePlatform, stage: Stage = None) -> ModelPage:
    """The default first, then those that tenuto.toml names, those of a running Ollama, and those that were asked here."""
    return ModelPage(items=[_shown(card) for card in await models.listing(platform, who, stage=stage)])


@router.get("/{name:path}", summary="Show a model", responses=problems(404))
async def show(name: Name, who: Reader, platform: ThePlatform, stage: Stage = None) -> ModelShown:
    """One of them, by the name that a file writes or by what it means."""
    return _shown(await models.get(platform, who, name, stage=stage))


def _shown(card: ModelCard) -> ModelShown:
    return ModelShown(
        name=card.name,
        model=card.model,
        default=card.default,
        chosen=card.chosen,
        base_url=card.base_url,
        price=None if card.price is None else _price(card.price),
        breaker=card.breaker,
        until=moment(card.until),
        trouble=card.trouble,
    )


def _price(price: Price) -> PriceShown:
    return PriceShown(input=price.input, output=price.output, cached=price.cached, written=price.written)

"""The models that there are, for those who choose one: what names mean, which is the default, and how they are."""

from tenuto.ports.models import ModelCard
from tenuto.service.platform import Platform
from tenuto.service.principal import Principal
from tenuto.service.refusals import Refused, did_you_mean


async def listing(platform: Platform, who: Principal, *, stage: str | None = None) -> list[ModelCard]:
    """The default first. `stage`: whose secrets hold keys."""
    where = await platform.flows.published.stage(who.tenant, stage)
    return await platform.models.cards(tenant=who.tenant, stage=where.name)


async def get(platform: Platform, who: Principal, name: str, *, stage: str | None = None) -> ModelCard:
    """By the name that a file writes, or by what it means; refused if there is none."""
    cards = await listing(platform, who, stage=stage)
    found = next((card for card in cards if name in {card.name, card.model}), None)
    if found is None:
        hint = did_you_mean(name, [card.name for card in cards]) or "any provider:model may be asked all the same"
        raise Refused("not_found", f"no model is called `{name[:80]}`", hint)
    return found

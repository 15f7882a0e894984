"""The models of these settings. Imported with the house of agents; no provider's library is loaded before one is asked."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from tenuto.hosts.local.secrets import EnvironmentSecrets
from tenuto.models.catalog import Catalog
from tenuto.models.http import HttpClients
from tenuto.models.keys import Keys
from tenuto.models.prices import WrongPrice, load
from tenuto.ports.engine import Refused
from tenuto.ports.models import ModelCard, Models, Price
from tenuto.ports.secrets import Secrets
from tenuto.service.principal import DEFAULT_TENANT
from tenuto.settings import Settings


def make_models(settings: Settings, secrets: Secrets | None = None, *, server: bool = False) -> Models:
    """`server`: whether files of agents come from others than whoever started this, so that scripts are taken only from here."""
    return Catalog(
        keys=Keys(os.environ, secrets or EnvironmentSecrets(), settings.share_model_keys),
        model=settings.model,
        named=settings.models,
        prices=_prices(settings),
        http=HttpClients(settings.http_allow),
        scripts=Path() if server else None,
    )


def _prices(settings: Settings) -> Mapping[str, Price]:
    if settings.price_file is None:
        return settings.prices
    try:
        return {**load(settings.price_file), **settings.prices}
    except WrongPrice as error:
        raise Refused("invalid", f"`price_file`: {error}", "mend the file, or leave the setting out") from None


async def cards_here(settings: Settings) -> list[ModelCard]:
    """What agents could ask here, without a server."""
    models = make_models(settings)
    try:
        return await models.cards(tenant=DEFAULT_TENANT, stage=settings.stage)
    finally:
        await models.aclose()


def get_local(say: Callable[[str], None]) -> Path:
    """Fetch the weights of the model that needs no network. Refused where they cannot be had."""
    from tenuto.models.get import NotFetched, fetch

    try:
        return fetch(say)
    except NotFetched as error:
        raise Refused(
            "unavailable", str(error), "without it, Ollama runs models on this machine: https://ollama.com"
        ) from None

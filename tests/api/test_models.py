"""`/v1/models` through the whole application."""

from dataclasses import replace
from typing import Any

import httpx2
import pytest

from tenuto.service.model_settings import read_models
from tenuto.service.platform import Platform
from tenuto.settings import Settings


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, model="scripted:demo", models=read_models({"haiku": "openai:gpt-6-luna"}))


async def test_models_are_listed_the_default_first(admin: httpx2.AsyncClient):
    """With what they cost and how they are; no key is needed to look."""
    page = (await admin.get("/v1/models")).json()

    default, haiku = page["items"][:2]
    assert (default["name"], default["model"], default["default"]) == ("default", "scripted:demo", True)
    assert default["chosen"] == "the setting `model` says so"
    assert (haiku["name"], haiku["model"], haiku["breaker"], haiku["until"]) == (
        "haiku",
        "openai:gpt-6-luna",
        "closed",
        None,
    )
    assert haiku["price"] == {"input": 0.1, "output": 0.5, "cached": 0.01, "written": 0.125}


async def test_one_model_is_shown_by_name_or_by_what_it_means(admin: httpx2.AsyncClient):
    """Or the nearest, where there is none of that name."""
    by_name, by_model = await admin.get("/v1/models/haiku"), await admin.get("/v1/models/openai:gpt-6-luna")
    none = await admin.get("/v1/models/haikuu")

    assert by_name.json() == by_model.json()
    assert none.status_code == 404
    assert "did you mean `haiku`?" in none.json()["detail"]


async def test_a_model_that_is_down_is_seen_in_the_health_of_the_server(admin: httpx2.AsyncClient, platform: Platform):
    """The server itself goes on."""
    models: Any = platform.models
    (endpoint,) = await models.endpoints(["inherit"], tenant="default", stage="dev")
    for _ in range(5):
        endpoint.breaker.failed(models.clock.now())

    health = (await admin.get("/health")).json()
    default = (await admin.get("/v1/models/default")).json()

    assert (health["status"], health["checks"]["models"]) == ("degraded", "1 not asked for now")
    assert default["breaker"] == "open"
    assert default["until"] is not None

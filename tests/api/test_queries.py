"""A parameter of the query that nobody knows is refused, and the near one is named; each that is documented is taken."""

from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from api.inventory import query_params, spots
from tenuto.service.permissions import PERMISSIONS


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/v1/runs?stauts=failed", "status"),
        ("/v1/runs?Flow=x", "flow"),
        ("/v1/flows?limt=1", "limit"),
        ("/v1/audit?limit=1&acton=x", "action"),
        ("/v1/webhooks?x=1", "`cursor`, `limit`"),
    ],
)
async def test_a_misspelt_one_is_422_and_the_near_one_is_named(admin: httpx2.AsyncClient, path: str, said: str) -> None:
    answer = await admin.get(path)

    assert answer.status_code == 422
    assert said in answer.text


async def test_who_may_not_come_in_is_not_told_what_there_is(anonymous: httpx2.AsyncClient) -> None:
    assert (await anonymous.get("/v1/runs?stauts=failed")).status_code == 401


async def test_what_is_open_to_everybody_takes_anything(anonymous: httpx2.AsyncClient) -> None:
    assert (await anonymous.get("/health/live?cache=1")).status_code == 200


async def test_every_documented_one_is_taken(app: FastAPI, admin: httpx2.AsyncClient) -> None:
    wrong: list[Any] = []
    for spot in spots(app):
        if spot.method != "GET" or spot.permission not in PERMISSIONS:
            continue
        path = spot.at(dict.fromkeys(spot.params, "nothing"))
        for name in query_params(app, spot):
            answer = await admin.get(path, params={name: "nothing"})
            if "the query: " in answer.text:
                wrong.append((spot, name))

    assert wrong == []

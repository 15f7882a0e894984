"""Who may: found out by asking every route, also those that are added later (SECURITY 14 to 24)."""

import itertools
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter, FastAPI

from api.frame import asking, frame
from api.inventory import Spot, body_schema, query_params, sample, spots, text_fields, undeclared
from api.two_tenants import Tenant, tenant
from tenuto.api import auth, docs, flows, health, hooks, metrics, nodes
from tenuto.api.access import ANY_CREDENTIAL, EVERYBODY, PUBLIC
from tenuto.api.routing import Router
from tenuto.service.permissions import PERMISSIONS, ROLES

# Open to everybody, each by its own function: nothing is open because of how its path reads.
OPEN = {
    auth.login,
    auth.refresh,
    auth.logout,
    hooks.receive,
    health.live,
    health.ready,
    health.health,
    metrics.metrics,
    docs.root,
    docs.page,
    docs.script,
    docs.style,
    docs.icon,
}
# Names of the tenant's own choosing in the path: whoever asks makes one of its own.
MAKES = {("PUT", "agents"), ("PUT", "roles"), ("PUT", "secrets"), ("PUT", "tools"), ("PUT", "variables")}
# Whatever is asked of them is data, and the answer says what is wrong with it.
JUDGES = {flows.validate}
# Their use case asks for a second permission.
ASK_MORE = {nodes.attempt}
# Parameters that name nothing of a tenant: node types, paths within a run, versions within a flow.
SHARED = {
    "agents.version": "1", "models.name": "local:none", "nodes.type": "debug.echo",
    "approvals.path": "ok", "runs.name": "ok", "flows.version": "1", "roles.role": "viewer",
}  # fmt: skip
# Of what a tenant has, those that most routes could be asked about; the others are tried nightly.
TELLING = ("runs.run", "flows.name", "users.user", "files.id", "tenants.tenant")
PROBES = ("health", "ready", "admin", "..%2fhealth", "live", "%2e%2e", "auth%2flogin", "health%2flive")


class TestInventory:
    async def test_every_route_says_who_may(self, app: FastAPI) -> None:
        """SECURITY 14. What the API is like, without anything in it, is no secret."""
        assert set(undeclared(app)) - {app.openapi_url} == set()

    async def test_what_is_open_to_everybody_is_listed_here(self, app: FastAPI) -> None:
        """Exempt by exact route object, as Prefect's were not."""
        found = {spot.endpoint for spot in spots(app) if spot.permission == EVERYBODY}

        assert found - OPEN == set(), "say in OPEN of this file why that is open"

    async def test_permissions_of_routes_are_permissions(self, app: FastAPI) -> None:
        named = {spot.permission for spot in spots(app)} - {EVERYBODY, ANY_CREDENTIAL, ""}

        assert named <= PERMISSIONS.keys()

    def test_a_route_that_says_nothing_is_found(self) -> None:
        """The test above has teeth."""
        router = APIRouter()
        router.add_api_route("/health/silent", lambda: 1)
        router.add_api_websocket_route("/v1/silent", lambda: None)

        assert {"/health/silent", "/v1/silent"} <= set(undeclared(frame(router)))

    def test_a_router_in_a_router_is_found(self) -> None:
        inner, outer = Router(prefix="/inner"), APIRouter(prefix="/outer")
        inner.add_api_route("/silent", lambda: 1)
        inner.add_api_route("/open", lambda: 1, dependencies=[PUBLIC])
        outer.include_router(inner)

        assert "/outer/inner/silent" in undeclared(frame(outer))
        assert "/outer/inner/open" not in undeclared(frame(outer))


@pytest.fixture
async def asker(app: FastAPI) -> AsyncGenerator[httpx2.AsyncClient]:
    async with asking(app) as client:
        yield client


async def key_for(admin: httpx2.AsyncClient, permissions: list[str]) -> dict[str, str]:
    answer = await admin.post("/v1/keys", json={"name": "test", "permissions": permissions})
    assert answer.status_code == 201, answer.text
    return {"X-API-Key": answer.json()["key"]}


async def token_of(admin: httpx2.AsyncClient, role: str) -> dict[str, str]:
    """Of somebody in that role, who logged in."""
    body = {"login": f"{role}@example.com", "password": "long enough for it"}
    made = await admin.post("/v1/users", json={**body, "roles": [role]})
    assert made.status_code == 201, made.text
    answer = await admin.post("/auth/login", json=body, headers={"Authorization": ""})
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def probe(client: httpx2.AsyncClient, spot: Spot, headers: dict[str, str]) -> int:
    path = spot.at(dict.fromkeys(spot.params, "nothing"))
    return (await client.request(spot.method, path, json={}, headers=headers)).status_code


class TestRoles:
    async def test_without_a_credential_everything_is_401(self, app: FastAPI, anonymous: httpx2.AsyncClient) -> None:
        for spot in spots(app):
            if spot.permission != EVERYBODY and spot.path != app.openapi_url:
                assert await probe(anonymous, spot, {}) == 401, spot

    @pytest.mark.parametrize("role", ROLES)
    async def test_a_role_may_what_its_permissions_say_and_nothing_else(
        self, role: str, app: FastAPI, admin: httpx2.AsyncClient, asker: httpx2.AsyncClient
    ) -> None:
        """SECURITY 15: the limits of a role hold in the API, not only in the UI, as Windmill's did not."""
        headers = await token_of(admin, role)
        allowed = ROLES[role].permissions

        for spot in spots(app):
            if spot.permission in PERMISSIONS:
                status = await probe(asker, spot, headers)
                assert status != 401, spot
                assert (status != 403) == (spot.permission in allowed), f"{spot} as {role}: {status}"

    async def test_a_key_may_what_its_one_permission_says(
        self, app: FastAPI, admin: httpx2.AsyncClient, asker: httpx2.AsyncClient
    ) -> None:
        """Scopes are compared whole: `runs:read` is not `runs:readers`, as Airflow's was."""
        asked = {spot.permission for spot in spots(app)} & PERMISSIONS.keys()
        keys = {permission: await key_for(admin, [permission]) for permission in sorted(asked)}
        asking_one = [spot for spot in spots(app) if spot.endpoint not in ASK_MORE]

        for spot, (permission, headers) in itertools.product(asking_one, keys.items()):
            if spot.permission in PERMISSIONS and spot.permission.partition(":")[0] == permission.partition(":")[0]:
                status = await probe(asker, spot, headers)
                assert (status != 403) == (spot.permission == permission), f"{spot} with {permission}: {status}"

    async def test_what_is_lacking_is_named_before_the_body_is_read(
        self, admin: httpx2.AsyncClient, asker: httpx2.AsyncClient
    ) -> None:
        headers = await key_for(admin, ["runs:read"])

        answer = await asker.post("/v1/runs", content=b"{broken", headers=headers)

        assert answer.status_code == 403
        assert "runs:write" in answer.json()["detail"]

    async def test_a_refusal_is_a_problem_that_says_how_to_come_in(self, anonymous: httpx2.AsyncClient) -> None:
        answer = await anonymous.get("/v1/runs")

        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.headers["content-type"] == "application/problem+json"
        assert "X-API-Key" in answer.json()["detail"]

    async def test_refusals_are_audited(self, admin: httpx2.AsyncClient, asker: httpx2.AsyncClient) -> None:
        """SECURITY 102."""
        await asker.get("/v1/runs")
        await asker.get("/v1/runs", headers={"Authorization": "Bearer nonsense"})
        await asker.get("/v1/keys", headers=await key_for(admin, ["runs:read"]))

        strangers = [each["action"] for each in (await admin.get("/v1/audit/system")).json()["items"]]
        own = [each["action"] for each in (await admin.get("/v1/audit")).json()["items"]]

        assert {"access.anonymous", "access.refused"} <= set(strangers)
        assert "access.forbidden" in own


class TestCredentials:
    @pytest.mark.parametrize("name", ["token", "access_token", "api_key", "key", "X-API-Key", "authorization"])
    async def test_nothing_in_the_url_is_a_credential(
        self, name: str, admin: httpx2.AsyncClient, asker: httpx2.AsyncClient
    ) -> None:
        token = admin.headers["Authorization"].removeprefix("Bearer ")

        assert (await asker.get("/me", params={name: token})).status_code == 401

    async def test_nothing_in_a_cookie_is_a_credential(
        self, admin: httpx2.AsyncClient, asker: httpx2.AsyncClient
    ) -> None:
        token = admin.headers["Authorization"].removeprefix("Bearer ")

        answer = await asker.get("/me", headers={"Cookie": f"token={token}; tenuto_refresh={token}; session={token}"})

        assert answer.status_code == 401

    async def test_two_different_credentials_are_refused(
        self, admin: httpx2.AsyncClient, asker: httpx2.AsyncClient
    ) -> None:
        both = {**await key_for(admin, ["runs:read"]), "Authorization": admin.headers["Authorization"]}

        assert (await asker.get("/me", headers=both)).status_code == 400

    @pytest.mark.parametrize(
        "value",
        [
            "", " ", "Bearer", "Bearer ", "Basic YTpi", "Bearer ' OR 1=1 --", "Bearer tnt_", "Bearer tnt__", "Bearer tnt_%_x",
            "Bearer tnt_' OR '1'='1_x", "Bearer a.b.c", "Bearer ..", "Bearer " + "a" * 9_000, "Bearer tna_", "bearer null",
            "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.", "Bearer tnt_00000000000000aa_" + "a" * 43, "Bearer \x7f",
        ],
    )  # fmt: skip
    async def test_odd_credentials_are_401(self, value: str, asker: httpx2.AsyncClient) -> None:
        """SECURITY: LiteLLM's look-up of keys was SQL made of text."""
        assert (await asker.get("/me", headers={"Authorization": value})).status_code == 401
        assert (await asker.get("/me", headers={"X-API-Key": value.removeprefix("Bearer ")})).status_code == 401


class TestNames:
    async def test_a_resource_named_like_an_open_route_is_not_open(
        self, app: FastAPI, anonymous: httpx2.AsyncClient
    ) -> None:
        """SECURITY 21: Prefect let in whatever ended in `health`."""
        for spot, word in itertools.product(spots(app), PROBES):
            if spot.params and spot.permission not in {EVERYBODY, ""}:
                path = spot.at(dict.fromkeys(spot.params, word))
                answer = await anonymous.request(spot.method, path)
                assert answer.status_code in {401, 404, 405}, f"{spot.method} {path}: {answer.status_code}"

    @pytest.mark.parametrize(
        "host",
        [
            "localhost/health/live?", "localhost/health/live#", "localhost:80/health/live", "localhost@evil.example",
            "localhost\\health", "evil.example", "localhost, evil.example", "%6cocalhost", "localhost/../health/live",
        ],
    )  # fmt: skip
    async def test_no_host_opens_a_route(self, host: str, anonymous: httpx2.AsyncClient) -> None:
        """SECURITY 87: BadHost made `request.url.path` another path than the one that was routed."""
        answer = await anonymous.get("/v1/runs", headers={"Host": host})

        assert answer.status_code in {400, 401, 421}

    @pytest.mark.parametrize(
        "name", ["X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Path", "X-Forwarded-Prefix", "X-HTTP-Method-Override"]
    )
    async def test_no_header_opens_a_route(self, name: str, anonymous: httpx2.AsyncClient) -> None:
        answer = await anonymous.get("/v1/runs", headers={name: "/health/live"})

        assert answer.status_code == 401


@asynccontextmanager
async def two_tenants(app: FastAPI, admin: httpx2.AsyncClient) -> AsyncGenerator[tuple[Tenant, Tenant]]:
    async with asking(app) as ours, asking(app) as theirs:
        paths = {spot.path for spot in spots(app)}
        yield await tenant(admin, ours, "alpha", paths), await tenant(admin, theirs, "beta", paths)


def own_values(spot: Spot, who: Tenant) -> dict[str, str]:
    """What stands in the path for things of one's own."""
    values: dict[str, str] = {}
    for name in spot.params:
        key = f"{spot.noun}.{name}"
        found = who.ids.get(key, SHARED.get(key))
        assert found is not None, (
            f"{spot}: say in two_tenants.py what `{key}` of a tenant is, or in SHARED that it is none"
        )
        values[name] = found
    return values


def fitting_body(app: FastAPI, spot: Spot) -> Any:
    schema = body_schema(app, spot)
    return None if schema is None else sample(schema)


class TestTwoTenants:
    """SECURITY 16 to 20, 24: everything of alpha, asked for by the owner of beta."""

    async def test_a_foreign_id_anywhere_in_the_path_is_404(self, app: FastAPI, admin: httpx2.AsyncClient) -> None:
        async with two_tenants(app, admin) as (alpha, beta):
            before = await alpha.looks()

            for spot in spots(app):
                if spot.permission not in PERMISSIONS or spot.permission == "admin:system":
                    continue
                own = own_values(spot, beta)
                for name in spot.params:
                    key = f"{spot.noun}.{name}"
                    if key not in alpha.ids or (spot.method, spot.noun) in MAKES:
                        continue
                    path = spot.at({**own, name: alpha.ids[key]})
                    answer = await beta.client.request(spot.method, path, json=fitting_body(app, spot))
                    assert answer.status_code == 404, f"{spot} with {key}: {answer.status_code} {answer.text}"
                    assert alpha.canary not in answer.text

            assert await alpha.looks() == before

    @pytest.mark.parametrize("words", [TELLING, pytest.param(None, marks=pytest.mark.nightly, id="all")])
    async def test_a_foreign_id_in_a_query_or_a_body_shows_and_changes_nothing(
        self, words: tuple[str, ...] | None, app: FastAPI, admin: httpx2.AsyncClient
    ) -> None:
        async with two_tenants(app, admin) as (alpha, beta):
            before = await alpha.looks()
            foreign = sorted({alpha.ids[word] for word in words or alpha.ids})

            for spot in [each for each in spots(app) if each.permission in PERMISSIONS]:
                if spot.method == "DELETE":
                    continue
                path, body = spot.at(own_values(spot, beta)), fitting_body(app, spot)
                for name, word in itertools.product(query_params(app, spot), foreign):
                    answer = await beta.client.request(spot.method, path, params={name: word}, json=body)
                    assert answer.status_code < 500, f"{spot}?{name}={word}: {answer.text}"
                    assert alpha.canary not in answer.text, f"{spot}?{name}={word}"
                for (name, many), word in itertools.product(text_fields(body_schema(app, spot) or {}), foreign):
                    sent = {**(body or {}), name: [word] if many else word}
                    answer = await beta.client.request(spot.method, path, json=sent)
                    assert answer.status_code < 500, f"{spot} {name}={word}: {answer.text}"
                    assert alpha.canary not in answer.text, f"{spot} {name}={word}"

            assert await alpha.looks() == before

    async def test_no_list_and_no_figure_holds_anything_foreign(self, app: FastAPI, admin: httpx2.AsyncClient) -> None:
        """SECURITY 19."""
        async with two_tenants(app, admin) as (alpha, beta):
            foreign = {*alpha.ids.values(), alpha.canary, alpha.word}

            for spot in spots(app):
                if spot.method == "GET" and not spot.params and spot.permission in PERMISSIONS:
                    answer = await beta.client.get(spot.path)
                    assert not [word for word in foreign if word in answer.text], spot

    async def test_the_header_selects_among_ones_own_tenants_alone(
        self, app: FastAPI, admin: httpx2.AsyncClient
    ) -> None:
        """SECURITY 17."""
        async with two_tenants(app, admin) as (alpha, beta):
            for spot in spots(app):
                if spot.permission != EVERYBODY and spot.path != app.openapi_url:
                    path = spot.at(own_values(spot, beta))
                    for wanted in (alpha.id, "default", "nothing", alpha.id.upper()):
                        answer = await beta.client.request(spot.method, path, headers={"X-Tenant-Id": wanted})
                        assert answer.status_code == 404, f"{spot} in {wanted}: {answer.status_code}"

            assert (await beta.client.get("/me", headers={"X-Tenant-Id": beta.id})).status_code == 200
            assert (await beta.client.get("/me", headers={"X-Tenant-Id": ""})).status_code == 400

    async def test_what_nobody_may_say_of_itself_is_refused_or_ignored(
        self, app: FastAPI, admin: httpx2.AsyncClient
    ) -> None:
        """SECURITY 17 and 18: the tenant comes from the credential, and nobody makes itself more than it is."""
        async with two_tenants(app, admin) as (alpha, beta):
            before = await alpha.looks()
            claims = {
                "tenant": alpha.id, "tenant_id": alpha.id, "owner": "me", "is_admin": True, "created_by": "admin:admin",
                "id": alpha.ids["runs.run"], "kind": "admin",
            }  # fmt: skip

            for spot in spots(app):
                body = fitting_body(app, spot)
                fields = (body_schema(app, spot) or {}).get("properties", {})
                if not isinstance(body, dict) or spot.permission not in PERMISSIONS or not fields:
                    continue  # without fields of its own a body is whatever the flow makes of it
                for claim, value in claims.items():
                    if claim in fields:
                        continue
                    path = spot.at(own_values(spot, beta))
                    answer = await beta.client.request(spot.method, path, json={**body, claim: value})
                    refused = answer.status_code in {403, 404, 409, 422} or spot.endpoint in JUDGES
                    assert refused, f"{spot} {claim}: {answer.status_code} {answer.text}"

            assert await alpha.looks() == before

"""`/v1/tenants`: made and bounded by the administrator, and gone with everything in them."""

from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from api.frame import asking
from api.test_access import two_tenants
from tenuto.bootstrap.server import Server
from tenuto.ports.journal import RunQuery
from tenuto.service.permissions import ROLES


async def made(admin: httpx2.AsyncClient, name: str = "Acme Inc.") -> dict[str, Any]:
    answer = await admin.post("/v1/tenants", json={"name": name})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def owner_of(admin: httpx2.AsyncClient, tenant: str) -> dict[str, str]:
    body = {"name": "owner", "permissions": sorted(ROLES["owner"].permissions)}
    answer = await admin.post("/v1/keys", json=body, headers={"X-Tenant-Id": tenant})
    return {"X-API-Key": answer.json()["key"]}


class TestMaking:
    async def test_a_tenant_has_a_readable_id_of_its_own(self, admin: httpx2.AsyncClient) -> None:
        acme = await made(admin)

        assert acme["id"].startswith("acme-inc-")
        assert (await admin.get("/me", headers={"X-Tenant-Id": acme["id"]})).json()["tenant"] == acme["id"]

    async def test_a_name_is_one_tenants(self, admin: httpx2.AsyncClient) -> None:
        await made(admin)

        assert (await admin.post("/v1/tenants", json={"name": "Acme Inc."})).status_code == 409

    @pytest.mark.parametrize("name", ["health", "admin", "default2", "..", "../x", "ключ", "a" * 100])
    async def test_no_name_is_an_id_of_something_else(self, name: str, admin: httpx2.AsyncClient) -> None:
        """SECURITY 21."""
        id_ = (await made(admin, name))["id"]

        assert id_.replace("-", "").isalnum()
        assert id_.isascii()
        assert (await admin.get(f"/v1/tenants/{id_}")).json()["name"] == name

    @pytest.mark.parametrize(
        "body", [{}, {"name": ""}, {"name": " "}, {"name": "a\nb"}, {"name": "a", "id": "default"}]
    )
    async def test_odd_ones_are_refused(self, body: dict[str, Any], admin: httpx2.AsyncClient) -> None:
        assert (await admin.post("/v1/tenants", json=body)).status_code == 422


class TestChanging:
    async def test_an_owner_renames_it_and_cannot_raise_its_quotas(
        self, app: FastAPI, admin: httpx2.AsyncClient
    ) -> None:
        acme = await made(admin)
        async with asking(app) as client:
            client.headers.update(await owner_of(admin, acme["id"]))
            path = f"/v1/tenants/{acme['id']}"

            renamed = await client.patch(path, json={"name": "Acme"})
            raised = await client.patch(path, json={"quotas": {"runs": 1_000_000}})

        assert renamed.json()["name"] == "Acme"
        assert raised.status_code == 403

    async def test_quotas_are_set_and_taken_away(self, admin: httpx2.AsyncClient) -> None:
        path = f"/v1/tenants/{(await made(admin))['id']}"

        assert (await admin.patch(path, json={"quotas": {"runs": 3, "queued": 5}})).json()["quotas"] == {
            "runs": 3,
            "queued": 5,
        }
        assert (await admin.patch(path, json={"quotas": {"runs": None}})).json()["quotas"] == {"queued": 5}
        assert (await admin.patch(path, json={"quotas": {"magic": 1}})).status_code == 422


class TestDeleting:
    """SECURITY 27."""

    async def test_it_is_refused_while_runs_are_live(self, app: FastAPI, admin: httpx2.AsyncClient) -> None:
        async with two_tenants(app, admin) as (alpha, _):
            answer = await alpha.client.delete(f"/v1/tenants/{alpha.id}")

            assert answer.status_code == 409
            assert "force" in answer.json()["detail"]
            assert await alpha.looks()

    async def test_everything_of_it_goes_and_nothing_of_others(
        self, app: FastAPI, admin: httpx2.AsyncClient, server: Server
    ) -> None:
        async with two_tenants(app, admin) as (alpha, beta):
            before = await beta.looks()

            answer = await alpha.client.delete(f"/v1/tenants/{alpha.id}", params={"force": "true"})

            assert answer.status_code == 204, answer.text
            assert (await alpha.client.get("/me")).status_code == 401
            assert (await admin.get("/me", headers={"X-Tenant-Id": alpha.id})).status_code == 404
            assert await server.records.runs(RunQuery(tenant=alpha.id)) == []
            assert await beta.looks() == before
            again = (await admin.post("/v1/tenants", json={"name": "alpha"})).json()["id"]
            assert again != alpha.id

    async def test_no_row_of_it_is_left_but_its_audit(
        self, app: FastAPI, admin: httpx2.AsyncClient, server: Server
    ) -> None:
        from sqlalchemy import select

        from tenuto.stores.sql.tables import metadata

        async with two_tenants(app, admin) as (alpha, _):
            await alpha.client.delete(f"/v1/tenants/{alpha.id}", params={"force": "true"})

            async with server.platform.store.read() as tx:
                sql: Any = tx.tenants
                left = {
                    table.name
                    for table in metadata.sorted_tables
                    if "tenant" in table.c
                    and (await sql._sql._connection.execute(select(table).where(table.c.tenant == alpha.id))).first()
                    is not None
                }

            assert left == {"audit"}

    async def test_the_default_tenant_stays(self, admin: httpx2.AsyncClient) -> None:
        assert (await admin.delete("/v1/tenants/default")).status_code == 409

    async def test_it_is_written_down_where_it_outlives_it(self, admin: httpx2.AsyncClient) -> None:
        acme = await made(admin)
        await admin.delete(f"/v1/tenants/{acme['id']}")

        said = [(each["action"], each["subject"]) for each in (await admin.get("/v1/audit/system")).json()["items"]]

        assert ("tenants.create", acme["id"]) in said
        assert ("tenants.delete", acme["id"]) in said

    async def test_nothing_of_it_starts_any_more(
        self, admin: httpx2.AsyncClient, anonymous: httpx2.AsyncClient
    ) -> None:
        """Triggers that were in memory are gone too."""
        acme = (await made(admin))["id"]
        admin.headers["X-Tenant-Id"] = acme
        document = (
            'flow: hook\ntriggers: [{http: {path: /in, auth: none}}, {cron: "* * * * *"}]\n'
            "nodes: {a: {use: set, with: {value: 1}}}\n"
        )
        await admin.post("/v1/flows", content=document, headers={"content-type": "application/yaml"})
        await admin.put("/v1/flows/hook/stages/dev", json={"version": 1})
        assert (await anonymous.post(f"/hooks/{acme}/dev/in")).status_code == 202

        deleted = await admin.delete(f"/v1/tenants/{acme}", params={"force": "true"})
        after = await anonymous.post(f"/hooks/{acme}/dev/in")

        assert deleted.status_code == 204
        assert after.status_code == 404

"""Two tenants that own one of everything, and whose owners must never see each other's.

Whoever adds a route whose path names something of a tenant adds it to `Tenant.ids`, by the file of the route and the
parameter; where that something has to be made first, to `furnish`.
"""

from dataclasses import dataclass, field
from typing import Any

import httpx2

SECRET = "canary-{}-7f3a91"  # stands in everything that a tenant keeps, and in nothing that the other asks with

FLOW = """
flow: {name}
description: {canary}
input: {{topic: {{type: string, default: {canary}}}}}
triggers:
  - cron: "0 9 1 1 *"
nodes:
  ok: {{use: approval, with: {{question: "{canary}?"}}}}
output: "${{ok}}"
"""


@dataclass
class Tenant:
    """`ids`: `file.parameter` → what stands there for something of this tenant. `paths`: what the application has."""

    word: str
    id: str
    client: httpx2.AsyncClient
    paths: set[str]
    ids: dict[str, str] = field(default_factory=dict)

    @property
    def canary(self) -> str:
        return SECRET.format(self.word)

    async def ask(self, method: str, path: str, expected: int, **more: Any) -> Any:
        answer = await self.client.request(method, path, **more)
        assert answer.status_code == expected, f"{method} {path}: {answer.text}"
        return answer.json() if answer.content else None

    async def furnished(self) -> "Tenant":
        """With one of everything."""
        await self._flows()
        await self._agent_files()
        await self._runs()
        await self._agents()
        await self._people()
        await self._kept()
        return self

    async def _flows(self) -> None:
        flow, stage = f"{self.word}-flow", f"{self.word}-stage"
        document = FLOW.format(name=flow, canary=self.canary)
        await self.ask("POST", "/v1/flows", 201, content=document, headers={"content-type": "application/yaml"})
        await self.ask("POST", "/v1/stages", 201, json={"name": stage})
        await self.ask("PUT", f"/v1/flows/{flow}/stages/{stage}", 200, json={"version": 1})
        self.ids |= {"flows.name": flow, "flows.stage": stage, "stages.name": stage}
        self.ids["schedules.id"] = f"{stage}.{flow}.0"

    async def _agent_files(self) -> None:
        agent = {"description": self.canary, "team": self.canary, "prompt": self.canary}
        await self.ask("PUT", f"/v1/agents/{self.word}-agent", 201, json=agent)
        self.ids |= dict.fromkeys(("agents.name", "agent_runs.name", "simple_agents.agent_name"), f"{self.word}-agent")

    async def _runs(self) -> None:
        body = {"flow": self.ids["flows.name"], "input": {"topic": self.canary}, "labels": {"c": self.canary}}
        run = (await self.ask("POST", "/v1/runs", 201, json=body))["id"]
        await self.ask("POST", f"/v1/runs/{run}/notes", 201, json={"text": self.canary})
        for noun in ("runs", "run_hot", "events", "approvals"):
            self.ids[f"{noun}.run"] = run
        self.ids["runs.other"] = run

    async def _agents(self) -> None:
        body = {"agent": self.ids["agents.name"], "task": self.canary}
        self.ids["agent_runs.id"] = (await self.ask("POST", "/v1/agents/execute?wait=30", 201, json=body))["id"]
        body = {"task": self.canary, "agent_type": self.canary}
        self.ids["workflows.id"] = (await self.ask("POST", "/v1/workflows?wait=30", 201, json=body))["id"]

    async def _people(self) -> None:
        user = {"login": f"{self.word}@example.com", "name": self.canary, "password": "long enough for it"}
        self.ids["users.user"] = (await self.ask("POST", "/v1/users", 201, json=user))["id"]
        key = await self.ask("POST", "/v1/keys", 201, json={"name": self.canary, "permissions": ["runs:read"]})
        self.ids["keys.key"] = key["id"]
        await self.ask("PUT", f"/v1/roles/{self.word}-role", 200, json={"permissions": ["runs:read"]})
        self.ids |= {"roles.role": f"{self.word}-role", "tenants.tenant": self.id}

    async def _kept(self) -> None:
        file = await self.ask("POST", "/v1/files", 201, params={"name": self.canary}, content=self.canary.encode())
        self.ids["files.id"] = file["$file"] if isinstance(file["$file"], str) else file["$file"]["id"]

        asked = {"url": "http://hooks.invalid/in", "types": ["order.*"], "description": self.canary}
        hook = (await self.ask("POST", "/v1/webhooks", 201, json=asked))["id"]
        sent = await self.ask("POST", f"/v1/webhooks/{hook}/test", 200)
        self.ids |= {"webhooks.id": hook, "webhooks.delivery": sent["id"]}

        service = f"http:{self.word}_shop"
        await self.ask(
            "PUT", f"/v1/tools/{service}", 201, json={"url": "http://shop.invalid", "description": self.canary}
        )
        server = {"name": f"{self.word}-tickets", "url": "http://tickets.invalid", "headers": {"X-A": self.canary}}
        await self.ask("POST", "/v1/mcp-servers", 201, json=server)
        self.ids |= {"tools.name": service, "mcp_servers.server": f"{self.word}-tickets"}

        for noun in ("secrets", "variables"):
            if f"/v1/{noun}/{{name}}" in self.paths:
                name = f"{self.word}_{noun}".upper()
                answer = await self.client.put(f"/v1/{noun}/{name}", json={"value": self.canary})
                assert answer.is_success, answer.text
                self.ids[f"{noun}.name"] = name

    async def looks(self) -> dict[str, Any]:
        """All that it sees of itself, but for what looking changes."""
        seen: dict[str, Any] = {}
        for path in (
            "/v1/flows", f"/v1/flows/{self.ids['flows.name']}", f"/v1/flows/{self.ids['flows.name']}/publications",
            f"/v1/agents/{self.ids['agents.name']}", f"/v1/agents/{self.ids['agents.name']}/versions",
            "/v1/stages", "/v1/runs", f"/v1/runs/{self.ids['runs.run']}", f"/v1/runs/{self.ids['runs.run']}/notes",
            f"/v1/runs/{self.ids['runs.run']}/events", "/v1/approvals", "/v1/users", "/v1/roles", "/v1/keys", "/v1/schedules",
            "/v1/tools", "/v1/mcp-servers", "/v1/webhooks", f"/v1/webhooks/{self.ids['webhooks.id']}/deliveries",
            *[f"/v1/{noun}" for noun in ("secrets", "variables") if f"{noun}.name" in self.ids], f"/v1/tenants/{self.id}", f"/v1/files/{self.ids['files.id']}",
        ):  # fmt: skip
            answer = await self.client.get(path)
            assert answer.status_code == 200, f"{path}: {answer.text}"
            seen[path] = answer.json() if "json" in answer.headers.get("content-type", "") else answer.content
        for key in seen["/v1/keys"]["items"]:
            key["last_used_at"] = None
        return seen


async def tenant(admin: httpx2.AsyncClient, client: httpx2.AsyncClient, word: str, paths: set[str]) -> Tenant:
    """A tenant with everything; `client` becomes its owner."""
    made = await admin.post("/v1/tenants", json={"name": word})
    assert made.status_code == 201, made.text
    id_ = made.json()["id"]
    roles = (await admin.get("/v1/roles")).json()["items"]
    owner = next(role["permissions"] for role in roles if role["name"] == "owner")
    body = {"name": "owner", "permissions": owner}
    key = await admin.post("/v1/keys", json=body, headers={"X-Tenant-Id": id_})
    assert key.status_code == 201, key.text
    client.headers["X-API-Key"] = key.json()["key"]
    return await Tenant(word, id_, client, paths).furnished()

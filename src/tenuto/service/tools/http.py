"""`http:NAME`: a service that is asked by HTTP, on behalf of the tenant of the run.

The tenant goes out in a header that nobody but us sets. Hosts that the installation's own settings name are reached wherever
they are; those that a tenant's administrator registers must be as public as any that a node asks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tenuto.ports.secrets import BoundSecret, Secrets
from tenuto.ports.store import Store
from tenuto.sdk.agents import Tool
from tenuto.sdk.agents.tool import Effects
from tenuto.sdk.context import Context
from tenuto.sdk.errors import NodeError
from tenuto.sdk.http import HttpClient
from tenuto.sdk.http.client import for_host
from tenuto.sdk.http.response import Response
from tenuto.service.redaction import Redactor
from tenuto.service.tools.services import HOLE, NEEDED, TENANT_HEADER, Service, read_service
from tenuto.service.tools.source import not_a_tool

_NO_BODY = frozenset({"GET", "DELETE"})


@dataclass(slots=True, frozen=True)
class HttpTool:
    """`client`: the one that reaches what the settings name; None for services that a tenant registered."""

    service: Service
    tenant: str
    stage: str
    secrets: Secrets
    client: HttpClient | None = None

    durable = False

    @property
    def name(self) -> str:
        return f"http:{self.service.name}"

    @property
    def description(self) -> str:
        return self.service.description

    @property
    def parameters(self) -> Mapping[str, Any]:
        return self.service.parameters

    @property
    def effects(self) -> Effects:
        return self.service.effects

    @property
    def timeout(self) -> float | None:
        return self.service.timeout

    @property
    def trusted(self) -> bool:
        return self.service.trusted

    @property
    def sends(self) -> bool:
        return not self.service.trusted if self.service.sends is None else self.service.sends

    async def call(self, arguments: dict[str, Any], ctx: Context, key: str) -> Any:
        redactor = Redactor()
        headers = {**self.service.headers, **await self._proof(redactor), TENANT_HEADER: self.tenant}
        url, rest = filled(self.service.url, arguments)
        if self.service.method != "GET":
            headers["Idempotency-Key"] = f"{ctx.idempotency_key}/{key}"
        told: dict[str, Any] = {"query": rest} if self.service.method in _NO_BODY else {"json": rest}
        http = ctx.http if self.client is None else ctx.http.over(self.client)
        try:
            response = await http.request(
                self.service.method, url, headers=headers, timeout=self.service.timeout, redirects=0, **told
            )
            response.raise_for_status()
        except NodeError as error:
            raise NodeError(
                redactor.text(error.message), type=error.type, retry=error.retry, retry_after=error.retry_after
            ) from None
        return redactor.value(await _answer(response, ctx))

    async def _proof(self, redactor: Redactor) -> dict[str, str]:
        service = self.service
        if not service.secret:
            return {}
        try:
            value = await self.secrets.get(service.secret, tenant=self.tenant, stage=self.stage)
        except KeyError as error:
            raise NodeError(f"{self.name}: {error.args[0]}", type="secret", retry=False) from None
        host, _ = service.address
        if isinstance(value, BoundSecret) and not for_host(host, value.hosts):
            said = f"{self.name}: the secret `{service.secret}` may be sent to {', '.join(value.hosts)} alone"
            raise NodeError(said, type="permission", retry=False)
        redactor.add(service.secret, value)
        return {service.header: f"{service.scheme} {value}".strip()}


@dataclass(slots=True)
class HttpTools:
    """A source. `given`: what the settings have, for every tenant; a tenant's own of the same name is not looked at."""

    given: Mapping[str, Service]
    secrets: Secrets
    client: HttpClient
    store: Store | None = None

    async def find(self, name: str, *, tenant: str, stage: str) -> Sequence[Tool]:
        service = self.given.get(name)
        if service is not None:
            return [HttpTool(service, tenant, stage, self.secrets, self.client)]
        own = await self._own(name, tenant)
        if own is not None:
            return [HttpTool(own, tenant, stage, self.secrets)]
        if name in NEEDED:
            raise not_a_tool(f"nobody has said where the service of `http:{name}` is", f"set {NEEDED[name]}")
        return []

    async def names(self, *, tenant: str, stage: str) -> list[str]:
        del stage
        if self.store is None:
            return list(self.given)
        async with self.store.read() as tx:
            own = [entry.name for entry in await tx.http_tools.list(tenant)]
        return [*self.given, *(name for name in own if name not in self.given)]

    async def _own(self, name: str, tenant: str) -> Service | None:
        if self.store is None:
            return None
        async with self.store.read() as tx:
            entry = await tx.http_tools.get(tenant, name)
        return None if entry is None else read_service(name, entry.definition)


def filled(url: str, arguments: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The URL with its holes filled, and the arguments that are left. What fills one stays one piece of the path."""
    used: set[str] = set()

    def fill(name: str) -> str:
        value = arguments.get(name)
        if value is None or isinstance(value, dict | list):
            raise NodeError(f"`{name}` stands in the URL: give a text or a number", type="input", retry=False)
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if text in {"", ".", ".."}:
            raise NodeError(f"`{name}` stands in the URL and cannot be `{text}`", type="input", retry=False)
        used.add(name)
        return quote(text, safe="")

    made = HOLE.sub(lambda hole: fill(hole[1]), url)
    return made, {name: value for name, value in arguments.items() if name not in used}


async def _answer(response: Response, ctx: Context) -> Any:
    if not response.content:
        return None
    if response.is_json:
        return response.json()
    if response.is_text:
        return response.text
    return await ctx.files.put(response.content, name="answer", media_type=response.media_type)

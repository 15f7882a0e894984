"""Services by HTTP as they are registered: in `[tools.http]` of tenuto.toml, by an administrator of a tenant, or built in.

    [tools.http.find_order]
    url = "https://shop.example.com/orders/{id}"
    method = "GET"
    parameters = {type = "object", properties = {id = {type = "string"}}, required = ["id"]}
    secret = "shop_token"

What stands in braces is filled from the arguments, in the path and the query only; of the rest a GET makes a query, and
everything else a JSON body.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final, cast
from urllib.parse import urlsplit

from tenuto.core.durations import duration
from tenuto.documents.validate import check_schema
from tenuto.sdk.definition import Effects
from tenuto.sdk.errors import NodeError
from tenuto.sdk.http import headers as outgoing
from tenuto.sdk.http.urls import parse_url
from tenuto.service.tables import table_of

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
HOLE: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
TENANT_HEADER: Final = "X-Tenant-Id"
LONGEST: Final = 600.0  # seconds of one call
_SECRET: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_ANYTHING: Final[Mapping[str, Any]] = {"type": "object"}


class WrongService(ValueError):
    """What such a definition takes instead."""


@dataclass(slots=True, frozen=True, kw_only=True)
class Service:
    """`secret`: whose value goes into `header`, after `scheme`. `trusted`: what it answers is the tenant's own, and nobody
    else wrote it. `sends`: what it is given leaves the tenant's systems; unless said, if it is not trusted."""

    name: str
    url: str
    method: str = "POST"
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=lambda: _ANYTHING)
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    secret: str = ""
    header: str = "Authorization"
    scheme: str = "Bearer"
    effects: Effects = "once"
    timeout: float = 30.0
    trusted: bool = True
    sends: bool | None = None

    @property
    def address(self) -> tuple[str, int]:
        """The host and port that it is at."""
        target = parse_url(HOLE.sub("x", self.url))
        return target.host, target.port


def read_services(given: object) -> dict[str, Service]:
    """`[tools.http]`. `WrongService` says what is wrong with it."""
    if not isinstance(given, Mapping):
        raise WrongService("a table for each service")
    return {name: read_service(name, each) for name, each in cast("Mapping[str, object]", given).items()}


def read_service(name: str, given: object) -> Service:
    """One of them. `WrongService` says what is wrong with it."""
    if NAME.fullmatch(name) is None:
        raise WrongService(f"a name such as `find_order`; `{name[:80]}` is none")
    table = table_of(Service, name, given, WrongService)
    _check(name, table)
    method = str(table.get("method", "POST")).upper()
    table.setdefault("effects", "once" if method in {"POST", "PATCH"} else "idempotent")
    table |= {"method": method, "timeout": _seconds(table)}
    return Service(name=name, **table)


def service_json(service: Service) -> dict[str, object]:
    """As it is stored, and shown."""
    return {each.name: getattr(service, each.name) for each in fields(Service)}


def _check(name: str, table: Mapping[str, Any]) -> None:
    for key in ("description", "secret", "header", "scheme"):
        if not isinstance(table.get(key, ""), str):
            raise WrongService(f"text for `{key}` of `{name}`")
    if table.get("secret") and _SECRET.fullmatch(table["secret"]) is None:
        raise WrongService(f"the name of a secret for `secret` of `{name}`")
    if str(table.get("method", "POST")).upper() not in METHODS:
        raise WrongService(f"{', '.join(METHODS)} for `method` of `{name}`")
    if table.get("effects", "once") not in {"once", "idempotent"}:
        raise WrongService(f"`once` or `idempotent` for `effects` of `{name}`")
    if not isinstance(table.get("trusted", True), bool) or not isinstance(table.get("sends"), bool | None):
        raise WrongService(f"true or false for `trusted` and `sends` of `{name}`")
    if not 0 < _seconds(table) <= LONGEST:
        raise WrongService(f"a `timeout` of at most {LONGEST:g} seconds for `{name}`")
    _check_url(name, table.get("url"))
    _check_headers(name, table)
    _check_parameters(name, table)


def _check_url(name: str, url: object) -> None:
    if not isinstance(url, str) or not url:
        raise WrongService(f"a `url` for `{name}`")
    try:
        parse_url(HOLE.sub("x", url))
    except NodeError as error:
        raise WrongService(f"a `url` for `{name}` that can be asked: {error.message}") from None
    parts = urlsplit(url)
    if "{" in parts.scheme or "{" in parts.netloc:
        raise WrongService(f"a `url` for `{name}` whose host is fixed: braces stand in its path or query")


def _check_headers(name: str, table: Mapping[str, Any]) -> None:
    headers: Any = table.get("headers", {})
    if not isinstance(headers, Mapping) or not all(
        isinstance(each, str) for each in cast("Mapping[str, Any]", headers).values()
    ):
        raise WrongService(f"a table of texts for `headers` of `{name}`")
    given = {**cast("Mapping[str, str]", headers), str(table.get("header", "Authorization")): "x"}
    try:
        outgoing.checked(given)
    except NodeError as error:
        raise WrongService(f"`headers` of `{name}` that can be sent: {error.message}") from None
    if any(each.lower() == TENANT_HEADER.lower() for each in given):
        raise WrongService(f"no header {TENANT_HEADER} for `{name}`: the tenant of the run is sent in it")


def _check_parameters(name: str, table: Mapping[str, Any]) -> None:
    schema = table.get("parameters", _ANYTHING)
    if not isinstance(schema, Mapping) or cast("Mapping[str, Any]", schema).get("type") != "object":
        raise WrongService(f"a JSON Schema of an object for `parameters` of `{name}`")
    found = check_schema(cast("Mapping[str, Any]", schema), "parameters")
    if found:
        raise WrongService(f"a JSON Schema for `parameters` of `{name}`: {found[0].message}")


def _seconds(table: Mapping[str, Any]) -> float:
    found = duration(table.get("timeout", 30.0))
    if found is None:
        raise WrongService("a `timeout` such as 30s")
    return found


def built_in(knowledge: str | None, integrations: str | None) -> Sequence[Service]:
    """Those that come with Tenuto, where their service has an address."""
    found: list[Service] = []
    if knowledge:
        found.append(
            Service(
                name="search_documents",
                url=f"{knowledge.rstrip('/')}/v1/search",
                description="Search the documents of the knowledge service.",
                parameters=_SEARCH,
                effects="idempotent",
                trusted=False,  # anybody's documents are in it
                sends=False,
            )
        )
    if integrations:
        found.append(
            Service(
                name="create_jira_issue",
                url=f"{integrations.rstrip('/')}/v1/jira/issues",
                description="Create an issue in Jira.",
                parameters=_JIRA_ISSUE,
            )
        )
    return found


# What is built in, and the setting that says where it is.
NEEDED: Final[Mapping[str, str]] = {
    "search_documents": "TENUTO_KNOWLEDGE_URL",
    "create_jira_issue": "TENUTO_INTEGRATIONS_URL",
}
_SEARCH: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "query": {"type": "string", "description": "What is looked for."},
        "limit": {"type": "integer", "minimum": 1, "maximum": 100},
        "filters": {"type": "object", "description": "Fields that the documents must have."},
    },
    "required": ["query"],
}
_JIRA_ISSUE: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "project": {"type": "string", "description": "The key of the project."},
        "summary": {"type": "string"},
        "description": {"type": "string"},
        "issue_type": {"type": "string", "examples": ["Task", "Bug"]},
    },
    "required": ["project", "summary"],
}

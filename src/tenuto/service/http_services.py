"""Services by HTTP that the administrators of a tenant register as tools (`http:NAME`), change and remove."""

from collections.abc import Mapping
from typing import Any, Final

from tenuto.ports.http_tools import HttpToolEntry
from tenuto.ports.store import Transaction
from tenuto.service.audit import audit
from tenuto.service.platform import Platform
from tenuto.service.principal import Principal
from tenuto.service.refusals import Refused
from tenuto.service.tools.services import Service, WrongService, read_service, service_json

MOST: Final = 200  # of one tenant
_PREFIX: Final = "http:"


async def put(
    platform: Platform, tx: Transaction, who: Principal, name: str, definition: Mapping[str, Any], *, at: float
) -> tuple[Service, bool]:
    """Register it, or change it; and whether it is new."""
    name = _own_name(platform, name)
    try:
        service = read_service(name, definition)
    except WrongService as error:
        raise Refused("invalid", f"a service takes {error}") from None
    known = {entry.name for entry in await tx.http_tools.list(who.tenant)}
    if name not in known and len(known) >= MOST:
        raise Refused("full", f"a tenant has at most {MOST} services", "delete one that nobody asks any more")
    stored = {key: value for key, value in service_json(service).items() if key != "name"}
    await tx.http_tools.put(HttpToolEntry(who.tenant, name, stored, f"{who.kind}:{who.id}", at))
    await audit(tx, who, "tools.register", f"{_PREFIX}{name}", {"url": service.url, "secret": service.secret}, at=at)
    return service, name not in known


async def delete(platform: Platform, tx: Transaction, who: Principal, name: str, *, at: float) -> None:
    name = _own_name(platform, name)
    if not await tx.http_tools.delete(who.tenant, name):
        raise Refused("not_found", f"there is no service `{_PREFIX}{name}` of this tenant")
    await audit(tx, who, "tools.delete", f"{_PREFIX}{name}", at=at)


def _own_name(platform: Platform, name: str) -> str:
    if not name.startswith(_PREFIX):
        raise Refused(
            "not_found",
            f"`{name[:80]}` is not registered here",
            "services are, as `http:NAME`; MCP servers have a place of their own: /v1/mcp-servers",
        )
    plain = name.removeprefix(_PREFIX)
    if plain in platform.tools.http.given:
        raise Refused("conflict", f"`{name}` stands in the settings of the installation", "choose another name")
    return plain

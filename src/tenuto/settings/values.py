"""How the value of a setting is read, whether it came as text or from a file. `NotSo` says what it takes instead."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from tenuto.ports.database_url import DatabaseUrl
from tenuto.ports.limits import Rate
from tenuto.ports.mcp import McpServer
from tenuto.sdk.errors import NodeError
from tenuto.sdk.http.addresses import Network, parse_networks
from tenuto.sdk.http.urls import parse_url
from tenuto.service.mcp_definitions import read_servers
from tenuto.service.tools.services import Service, read_services

RATES: Final = frozenset({"address", "auth", "read", "start", "tenant", "write"})
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)?")
_ORIGIN: Final = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?")
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


class NotSo(ValueError):
    """What a setting takes instead."""


@dataclass(slots=True, frozen=True)
class PoolSetting:
    """`[pools.NAME]`: how many of its nodes run at once, and how many begin in a second."""

    concurrency: int | None = None
    rate: float | None = None


@dataclass(slots=True, frozen=True)
class Hidden:
    """Text that is never shown: not in a log, not in a traceback."""

    text: str = field(repr=False)

    def __str__(self) -> str:
        return "***"


def read_text(given: Any) -> str:
    if not isinstance(given, str) or not given:
        raise NotSo("text")
    return given


def read_path(given: Any) -> Path:
    return Path(read_text(given)).expanduser()


def read_paths(given: Any) -> tuple[Path, ...]:
    items = given.split(os.pathsep) if isinstance(given, str) else given
    if not isinstance(items, list):
        raise NotSo("a list of paths")
    return tuple(read_path(item) for item in cast("list[Any]", items) if item)


def read_count(given: Any) -> int:
    if isinstance(given, bool) or not isinstance(given, int | str):
        raise NotSo("a whole number, at least 1")
    try:
        number = int(given)
    except ValueError:
        raise NotSo("a whole number, at least 1") from None
    if number < 1:
        raise NotSo("a whole number, at least 1")
    return number


def read_seconds(given: Any) -> float:
    """A duration: `30s`, or a number of seconds."""
    if isinstance(given, int | float) and not isinstance(given, bool) and given >= 0:
        return float(given)
    match = _DURATION.fullmatch(given) if isinstance(given, str) else None
    if match is None:
        raise NotSo("a duration such as 30s, 5m, 2d")
    return float(match[1]) * _UNITS[match[2] or "s"]


def read_port(given: Any) -> int:
    number = 0 if str(given) == "0" else read_count(given)
    if number > 65_535:
        raise NotSo("a port from 1 to 65535, or 0 for any")
    return number


def read_switch(given: Any) -> bool:
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    said = given if isinstance(given, bool) else words.get(str(given).lower())
    if said is None:
        raise NotSo("true or false")
    return said


def read_level(given: Any) -> str:
    if str(given).lower() not in {"debug", "info", "warning", "error"}:
        raise NotSo("debug, info, warning or error")
    return str(given).lower()


def read_words(given: Any) -> tuple[str, ...]:
    items = given.replace(",", " ").split() if isinstance(given, str) else given
    if not isinstance(items, list):
        raise NotSo("a list of texts")
    return tuple(read_text(item) for item in cast("list[Any]", items))


def read_origins(given: Any) -> tuple[str, ...]:
    """Exactly as a browser sends them; neither every origin nor that of a page that has none."""
    found = read_words(given)
    if any(not _ORIGIN.fullmatch(origin) for origin in found):
        raise NotSo("a list of origins such as https://app.example.com")
    return found


def read_rates(given: Any) -> dict[str, Rate | None]:
    table = read_table(given)
    unknown = sorted(table.keys() - RATES)
    if unknown:
        raise NotSo(f"{', '.join(sorted(RATES))}; `{unknown[0]}` is none of them")
    return {name: _rate(rate) for name, rate in table.items()}


def _rate(given: Any) -> Rate | None:
    if given == "off":
        return None
    amount, _, period = str(given).partition("/")
    if not amount.isdigit() or int(amount) < 1 or not period or (seconds := int(read_seconds(period))) < 1:
        raise NotSo("rates such as `600/1m`, or `off`")
    return Rate(int(amount), seconds)


def read_database_url(given: Any) -> DatabaseUrl:
    return DatabaseUrl(read_text(given))


def read_hidden(given: Any) -> Hidden:
    return Hidden(read_text(given))


def read_networks(given: Any) -> tuple[Network, ...]:
    if isinstance(given, list):
        given = " ".join(str(item) for item in cast("list[Any]", given))
    return parse_networks(read_text(given))


def read_table(given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise NotSo("a table in tenuto.toml")
    return cast("dict[str, Any]", given)


def read_tools(given: Any) -> dict[str, Service]:
    return read_services(_only("http", given, "`[tools.http]`; `{}` is no kind of tool that is set here"))


def read_mcp(given: Any) -> dict[str, McpServer]:
    return read_servers(_only("servers", given, "`[mcp.servers]`; `{}` is nothing that is set here"))


def _only(key: str, given: Any, otherwise: str) -> Any:
    """The one table that a table may hold."""
    held = read_table(given)
    unknown = sorted(held.keys() - {key})
    if unknown:
        raise NotSo(otherwise.format(unknown[0]))
    return held.get(key, {})


def read_url(given: Any) -> str:
    try:
        parse_url(read_text(given))
    except NodeError as error:
        raise NotSo(f"an address such as http://knowledge:8084 ({error.message})") from None
    return given


def read_pools(given: Any) -> dict[str, PoolSetting]:
    return {name: _pool(name, read_table(limits)) for name, limits in read_table(given).items()}


def _pool(name: str, limits: dict[str, Any]) -> PoolSetting:
    unknown = sorted(limits.keys() - {"concurrency", "rate"})
    if unknown:
        raise NotSo(f"`concurrency` and `rate`; `{unknown[0]}` of pool `{name}` is neither")
    rate = limits.get("rate")
    if rate is not None and (isinstance(rate, bool) or not isinstance(rate, int | float) or rate <= 0):
        raise NotSo(f"a rate above 0 a second for pool `{name}`")
    concurrency = limits.get("concurrency")
    return PoolSetting(None if concurrency is None else read_count(concurrency), None if rate is None else float(rate))

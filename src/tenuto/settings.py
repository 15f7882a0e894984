"""Every setting of Tenuto: one frozen object, built once, passed down, never read at import.

A setting is given, from strongest to weakest, as an argument (`--data`), as `TENUTO_<NAME>`, in `tenuto.toml`, or not at
all. Each field's `doc` is its line in the reference; a key that nobody knows is a problem, not a silence.
"""

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, cast

from tenuto.ports.database_url import DatabaseUrl
from tenuto.ports.limits import Rate
from tenuto.ports.mcp import McpServer
from tenuto.ports.models import Price
from tenuto.sdk.errors import NodeError
from tenuto.sdk.http.addresses import Network, parse_networks
from tenuto.sdk.http.urls import parse_url
from tenuto.service.issuers import Issuer, read_issuers
from tenuto.service.mcp_definitions import read_servers
from tenuto.service.model_settings import NamedModel, read_models, read_prices
from tenuto.service.tools.services import Service, read_services

PREFIX: Final = "TENUTO_"
FILE: Final = "tenuto.toml"
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)?")
_ORIGIN: Final = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?")
RATES: Final = frozenset({"address", "auth", "read", "start", "tenant", "write"})
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


class WrongSetting(Exception):
    """A setting that cannot be: which, where it was given, what would be right."""


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


class _NotSo(ValueError):
    """What a setting takes instead."""


def _doc(text: str, default: Any, read: Callable[[Any], Any]) -> Any:
    metadata = {"doc": text, "read": read}
    if callable(default):
        return field(default_factory=default, metadata=metadata)
    return field(default=default, metadata=metadata)


# --- how a value is read, whether it came as text or from a file


def _text(given: Any) -> str:
    if not isinstance(given, str) or not given:
        raise _NotSo("text")
    return given


def _path(given: Any) -> Path:
    return Path(_text(given)).expanduser()


def _paths(given: Any) -> tuple[Path, ...]:
    items = given.split(os.pathsep) if isinstance(given, str) else given
    if not isinstance(items, list):
        raise _NotSo("a list of paths")
    return tuple(_path(item) for item in cast("list[Any]", items) if item)


def _count(given: Any) -> int:
    if isinstance(given, bool) or not isinstance(given, int | str):
        raise _NotSo("a whole number, at least 1")
    try:
        number = int(given)
    except ValueError:
        raise _NotSo("a whole number, at least 1") from None
    if number < 1:
        raise _NotSo("a whole number, at least 1")
    return number


def _seconds(given: Any) -> float:
    """A duration: `30s`, or a number of seconds."""
    if isinstance(given, int | float) and not isinstance(given, bool) and given >= 0:
        return float(given)
    match = _DURATION.fullmatch(given) if isinstance(given, str) else None
    if match is None:
        raise _NotSo("a duration such as 30s, 5m, 2d")
    return float(match[1]) * _UNITS[match[2] or "s"]


def _port(given: Any) -> int:
    number = 0 if str(given) == "0" else _count(given)
    if number > 65_535:
        raise _NotSo("a port from 1 to 65535, or 0 for any")
    return number


def _switch(given: Any) -> bool:
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    said = given if isinstance(given, bool) else words.get(str(given).lower())
    if said is None:
        raise _NotSo("true or false")
    return said


def _level(given: Any) -> str:
    if str(given).lower() not in {"debug", "info", "warning", "error"}:
        raise _NotSo("debug, info, warning or error")
    return str(given).lower()


def _words(given: Any) -> tuple[str, ...]:
    items = given.replace(",", " ").split() if isinstance(given, str) else given
    if not isinstance(items, list):
        raise _NotSo("a list of texts")
    return tuple(_text(item) for item in cast("list[Any]", items))


def _origins(given: Any) -> tuple[str, ...]:
    """Exactly as a browser sends them; neither every origin nor that of a page that has none."""
    found = _words(given)
    if any(not _ORIGIN.fullmatch(origin) for origin in found):
        raise _NotSo("a list of origins such as https://app.example.com")
    return found


def _rates(given: Any) -> dict[str, Rate | None]:
    table = _table(given)
    unknown = sorted(table.keys() - RATES)
    if unknown:
        raise _NotSo(f"{', '.join(sorted(RATES))}; `{unknown[0]}` is none of them")
    return {name: _rate(rate) for name, rate in table.items()}


def _rate(given: Any) -> Rate | None:
    if given == "off":
        return None
    amount, _, period = str(given).partition("/")
    if not amount.isdigit() or int(amount) < 1 or not period or (seconds := int(_seconds(period))) < 1:
        raise _NotSo("rates such as `600/1m`, or `off`")
    return Rate(int(amount), seconds)


def _database_url(given: Any) -> DatabaseUrl:
    return DatabaseUrl(_text(given))


def _hidden(given: Any) -> Hidden:
    return Hidden(_text(given))


def _networks(given: Any) -> tuple[Network, ...]:
    if isinstance(given, list):
        given = " ".join(str(item) for item in cast("list[Any]", given))
    return parse_networks(_text(given))


def _table(given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise _NotSo("a table in tenuto.toml")
    return cast("dict[str, Any]", given)


def _tools(given: Any) -> dict[str, Service]:
    unknown = sorted(_table(given).keys() - {"http"})
    if unknown:
        raise _NotSo(f"`[tools.http]`; `{unknown[0]}` is no kind of tool that is set here")
    return read_services(given.get("http", {}))


def _mcp(given: Any) -> dict[str, McpServer]:
    unknown = sorted(_table(given).keys() - {"servers"})
    if unknown:
        raise _NotSo(f"`[mcp.servers]`; `{unknown[0]}` is nothing that is set here")
    return read_servers(given.get("servers", {}))


def _url(given: Any) -> str:
    try:
        parse_url(_text(given))
    except NodeError as error:
        raise _NotSo(f"an address such as http://knowledge:8084 ({error.message})") from None
    return given


def _pools(given: Any) -> dict[str, PoolSetting]:
    return {name: _pool(name, _table(limits)) for name, limits in _table(given).items()}


def _pool(name: str, limits: dict[str, Any]) -> PoolSetting:
    unknown = sorted(limits.keys() - {"concurrency", "rate"})
    if unknown:
        raise _NotSo(f"`concurrency` and `rate`; `{unknown[0]}` of pool `{name}` is neither")
    rate = limits.get("rate")
    if rate is not None and (isinstance(rate, bool) or not isinstance(rate, int | float) or rate <= 0):
        raise _NotSo(f"a rate above 0 a second for pool `{name}`")
    concurrency = limits.get("concurrency")
    return PoolSetting(None if concurrency is None else _count(concurrency), None if rate is None else float(rate))


@dataclass(slots=True, frozen=True)
class Settings:
    """All of them. `Settings()` is what holds when nobody says anything."""

    # ruff: noqa: RUF009  `_doc` makes the field itself
    data: Path = _doc("The data directory: the journal, files, logs.", Path(".tenuto"), _path)
    database_url: DatabaseUrl | None = _doc(
        "The PostgreSQL that keeps runs and everything else, `postgresql://user:password@host:5432/name`; without it,"
        " SQLite files in the data directory do.",
        None,
        _database_url,
    )
    secret_key: Hidden | None = _doc(
        "The master key that seals secrets: 32 random bytes in base64; several with commas between them, the newest"
        " first. Without it, `secret.key` in the data directory is made and used.",
        None,
        _hidden,
    )
    stage: str = _doc("Whose variables a run uses unless it says.", "dev", _text)
    nodes: tuple[Path, ...] = _doc(
        "Folders and files with a project's own nodes, besides `nodes/` beside the flow.", (), _paths
    )
    agents: Path | None = _doc(
        "A folder with agent files, as `--agents`. Without it, a flow that runs without a server finds `agents/` beside it.",
        None,
        _path,
    )
    http_allow: tuple[Network, ...] = _doc("Networks that nodes may reach besides the public ones.", (), _networks)
    grace: float = _doc("How long a node that is told to stop may take to return.", 30.0, _seconds)
    shutdown: float = _doc("How long running nodes may go on when Tenuto stops.", 5.0, _seconds)
    threads: int = _doc("How many plain `def` nodes run at once.", 16, _count)
    retention: float | None = _doc("Ended runs older than this are deleted; without it they are kept.", None, _seconds)
    log_lines: int = _doc("How many lines of `ctx.log` a run keeps.", 1_000, _count)
    resident: int = _doc("How many idle runs stay in memory.", 1_000, _count)
    runs: int | None = _doc(
        "How many runs are at work at once; more are queued. Without it, all that come.", None, _count
    )
    tenant_runs: int | None = _doc(
        "How many runs of one tenant are at work at once, where it has no quota of its own; more are queued.",
        100,
        _count,
    )
    tenant_queue: int | None = _doc(
        "How many runs of one tenant may be queued, where it has no quota of its own; more are refused.",
        100_000,
        _count,
    )
    idle: float = _doc("After this an idle run leaves memory.", 60.0, _seconds)
    pools: Mapping[str, PoolSetting] = _doc(
        "`[pools.NAME]`: `concurrency`, `rate` of the nodes that name the pool.", dict, _pools
    )
    vars: Mapping[str, Any] = _doc(
        "`[vars]` for every stage, `[vars.STAGE]` for one: what `vars.NAME` means.", dict, _table
    )
    needs: Mapping[str, Any] = _doc(
        "`[needs]`: what exported flows need where they run; it is read when they are imported.", dict, _table
    )
    tools: Mapping[str, Service] = _doc(
        "`[tools.http.NAME]`: a service that agents may ask as `http:NAME`: its `url`, `method`, `parameters`, `secret`.",
        dict,
        _tools,
    )
    mcp: Mapping[str, McpServer] = _doc(
        "`[mcp.servers.NAME]`: a server whose tools agents may name as `mcp:NAME/TOOL`: its `command` or `url`, and"
        " `secrets` or `secret`.",
        dict,
        _mcp,
    )
    model: str | None = _doc(
        "The model that agents ask unless their file names another, as `provider:model[@base_url]` or a name of `[models]`."
        " Without it: the provider whose key is in the environment, else a running Ollama, else scripted demo answers.",
        None,
        _text,
    )
    models: Mapping[str, NamedModel] = _doc(
        "`[models]`: what names of models mean (`haiku`, `default`): a model, a list of which the first that answers is"
        " taken, or a table with `model`, `key`, `options`, `price`.",
        dict,
        read_models,
    )
    prices: Mapping[str, Price] = _doc(
        "`[prices]`: what models cost, in dollars for a million tokens, over the table that comes with Tenuto.",
        dict,
        read_prices,
    )
    price_file: Path | None = _doc(
        "A TOML file with more rows like those of `[prices]`, which come first.", None, _path
    )
    share_model_keys: bool = _doc(
        "Whether tenants other than `default` may use the keys of models in the server's environment.", False, _switch
    )
    knowledge_url: str | None = _doc(
        "The knowledge service that `http:search_documents` asks; without it there is no such tool.", None, _url
    )
    integrations_url: str | None = _doc(
        "The integrations service that `http:create_jira_issue` asks; without it there is no such tool.", None, _url
    )
    host: str = _doc("The address that the server listens at.", "127.0.0.1", _text)
    port: int = _doc("The port that the server listens at.", 8090, _port)
    allowed_hosts: tuple[str, ...] = _doc(
        "Names under which the server answers, besides those of loopback and `host`; `*.example.com` allows all below.",
        (),
        _words,
    )
    cors_origins: tuple[str, ...] = _doc(
        "Origins of pages elsewhere that may read the API, each exactly as `https://app.example.com`.", (), _origins
    )
    trusted_proxies: tuple[Network, ...] = _doc(
        "Networks of proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` count.", (), _networks
    )
    body_limit: int = _doc("How many bytes the body of a request may have.", 10 * 1024 * 1024, _count)
    request_timeout: float = _doc("After this a request whose answer has not begun is ended.", 60.0, _seconds)
    open_metrics: bool = _doc(
        "Whether `/metrics` and `/health*` need no credential where the server listens at more than loopback.",
        False,
        _switch,
    )
    log_level: str = _doc(
        "From which level on the server says what it does: debug, info, warning, error.", "info", _level
    )
    limits: Mapping[str, Rate | None] = _doc(
        "`[limits]`: `start`, `write`, `read` of one key or user, `tenant` of all its requests, `address` and `auth`"
        " (logins) of one address: rates such as `600/1m`, or `off`.",
        dict,
        _rates,
    )

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return self.host in {"localhost", "::1"} or self.host.startswith("127.")

    @property
    def address(self) -> str | None:
        """Of the database, for its driver: whole, with the password."""
        return None if self.database_url is None else self.database_url.plain

    oidc: Mapping[str, Issuer] = _doc(
        "`[oidc.NAME]`: an outside issuer whose tokens are taken: `issuer`, `audience`, and what they are worth.",
        dict,
        read_issuers,
    )

    def variables(self, stage: str) -> dict[str, Any]:
        """Those of every stage, and over them those of this one. A table in `[vars]` is a stage."""
        shared = {name: value for name, value in self.vars.items() if not isinstance(value, dict)}
        own = self.vars.get(stage)
        return {**shared, **(cast("dict[str, Any]", own) if isinstance(own, dict) else {})}


# Never shown as they were given, not even where they are wrong.
_SECRET: Final = frozenset({"database_url", "secret_key"})
# Never in a file that lies beside flows, in Git.
_ENVIRONMENT_ONLY: Final = frozenset({"secret_key"})
# Tables that only a file can hold.
_FILE_ONLY: Final = frozenset({"limits", "mcp", "models", "needs", "oidc", "pools", "prices", "tools", "vars"})


def load(environment: Mapping[str, str] | None = None, directory: Path | None = None, **given: Any) -> Settings:
    """What holds here. `given`: arguments of a command, None where it has none. Raises `WrongSetting`."""
    filed = _from_file((directory or Path()) / FILE)
    for name in _ENVIRONMENT_ONLY & filed.keys():
        raise WrongSetting(f"{FILE}: `{name}` is a secret; give it as {PREFIX}{name.upper()} in the environment")
    settings = _with(Settings(), filed, FILE)
    settings = _with(settings, _from_environment(os.environ if environment is None else environment), "the environment")
    return replace(settings, **{name: value for name, value in given.items() if value is not None})


def table() -> list[tuple[str, str, str, str]]:
    """For the reference: name, environment variable, default, what it is."""
    rows: list[tuple[str, str, str, str]] = []
    for each in fields(Settings):
        variable = "" if each.name in _FILE_ONLY else PREFIX + each.name.upper()
        rows.append((each.name, variable, _shown(getattr(Settings(), each.name)), each.metadata["doc"]))
    return rows


def _from_file(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise WrongSetting(f"{file} cannot be read: {error}") from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WrongSetting(f"{file} is not TOML: {error}") from None


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """Only what is ours: other programs of the family may have variables of their own with our prefix."""
    names = {each.name for each in fields(Settings)} - _FILE_ONLY
    found = {name: environment.get(PREFIX + name.upper()) for name in names}
    return {name: value for name, value in found.items() if value}


def _with(settings: Settings, given: Mapping[str, Any], source: str) -> Settings:
    known = {each.name: each for each in fields(Settings)}
    read: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"; did you mean `{near[0]}`?" if near else ""
            raise WrongSetting(f"{source}: there is no setting `{name}`{hint}")
        try:
            read[name] = known[name].metadata["read"](value)
        except ValueError as error:
            shown = "not what it should be" if name in _SECRET else repr(value)
            raise WrongSetting(f"{source}: `{name}` is {shown}; it takes {error}") from None
    return replace(settings, **read)


def _shown(value: Any) -> str:
    if value is None or value in ((), {}):
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)

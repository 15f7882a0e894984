"""MCP servers as they are registered: in `[mcp.servers]` of tenuto.toml, or by an administrator.

[mcp.servers.tickets]
url = "https://mcp.example.com/mcp"
secret = "tickets_token"

[mcp.servers.files]
command = ["uvx", "mcp-server-files", "/srv/shared"]
env = {LANG = "C.UTF-8"}
secrets = {API_KEY = "files_key"}
"""

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final, cast

from tenuto.core.durations import duration
from tenuto.ports.mcp import McpServer
from tenuto.sdk.errors import NodeError
from tenuto.sdk.http import headers as outgoing
from tenuto.sdk.http.urls import parse_url
from tenuto.service.tables import table_of

NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,62}")
LONGEST: Final = 600.0  # seconds of one call
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_SECRET: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
# A program of the machine is told by them what to load before it does what it is for.
_LOADERS: Final = ("LD_", "DYLD_", "PYTHON", "NODE_OPTIONS", "BASH_ENV", "PERL5", "RUBY")


class WrongServer(ValueError):
    """What such a definition takes instead."""


def read_servers(given: object) -> dict[str, McpServer]:
    """`[mcp.servers]`. `WrongServer` says what is wrong with it."""
    if not isinstance(given, Mapping):
        raise WrongServer("a table for each server")
    return {name: read_server(name, each) for name, each in cast("Mapping[str, object]", given).items()}


def read_server(name: str, given: object) -> McpServer:
    """One of them. `WrongServer` says what is wrong with it."""
    if NAME.fullmatch(name) is None or "__" in name:
        raise WrongServer(f"a name such as `tickets`; `{name[:80]}` is none")
    table = table_of(McpServer, name, given, WrongServer)
    if bool(table.get("command")) == bool(table.get("url")):
        raise WrongServer(f"either a `command` or a `url` for `{name}`")
    seconds = duration(table.get("timeout", 60.0))
    if seconds is None or not 0 < seconds <= LONGEST:
        raise WrongServer(f"a `timeout` of at most {LONGEST:g} seconds for `{name}`")
    if not isinstance(table.get("trusted", False), bool):
        raise WrongServer(f"true or false for `trusted` of `{name}`")
    _check_command(name, table) if table.get("command") else _check_url(name, table)
    table |= {"command": tuple(table.get("command") or ()), "timeout": seconds}
    return McpServer(name=name, **table)


def definition_of(server: McpServer) -> dict[str, Any]:
    """As it is stored: what `read_server` reads."""
    plain = server_json(McpServer(name=server.name))
    return {key: value for key, value in server_json(server).items() if value != plain[key]}


def server_json(server: McpServer) -> dict[str, Any]:
    """All of it, as it is shown."""
    said = {each.name: getattr(server, each.name) for each in fields(McpServer)}
    return {**said, "command": [*server.command], "env": dict(server.env), "secrets": dict(server.secrets)}


def _check_command(name: str, table: Mapping[str, Any]) -> None:
    _only(name, table, {"url", "headers", "secret", "header", "scheme"}, "command")
    command: Any = table["command"]
    if not isinstance(command, list | tuple) or not all(
        isinstance(each, str) and each and "\0" not in each for each in cast("list[Any]", command)
    ):
        raise WrongServer(f'a list of texts for `command` of `{name}`, such as ["uvx", "mcp-server-files"]')
    for key, form in (("env", None), ("secrets", _SECRET)):
        for variable, value in _texts(name, key, table).items():
            if _VARIABLE.fullmatch(variable) is None or variable.upper().startswith(_LOADERS):
                raise WrongServer(f"other variables in `{key}` of `{name}` than `{variable[:80]}`")
            if form is not None and form.fullmatch(value) is None:
                raise WrongServer(f"names of secrets in `secrets` of `{name}`")


def _check_url(name: str, table: Mapping[str, Any]) -> None:
    _only(name, table, {"env", "secrets"}, "url")
    if not isinstance(table["url"], str):
        raise WrongServer(f"text for `url` of `{name}`")
    try:
        parse_url(table["url"])
        header = table.get("header", "Authorization")
        outgoing.checked({**_texts(name, "headers", table), header if isinstance(header, str) else "": "x"})
    except NodeError as error:
        raise WrongServer(f"a `url` and `headers` for `{name}` that can be sent: {error.message}") from None
    for key in ("secret", "scheme"):
        if not isinstance(table.get(key, ""), str):
            raise WrongServer(f"text for `{key}` of `{name}`")
    if table.get("secret") and _SECRET.fullmatch(table["secret"]) is None:
        raise WrongServer(f"the name of a secret for `secret` of `{name}`")


def _only(name: str, table: Mapping[str, Any], others: set[str], kind: str) -> None:
    wrong = sorted(key for key in others if table.get(key))
    if wrong:
        raise WrongServer(f"no `{wrong[0]}` for `{name}`, which has a `{kind}`")


def _texts(name: str, key: str, table: Mapping[str, Any]) -> Mapping[str, str]:
    found: Any = table.get(key, {})
    if not isinstance(found, Mapping) or not all(
        isinstance(each, str) for each in cast("Mapping[str, Any]", found).values()
    ):
        raise WrongServer(f"a table of texts for `{key}` of `{name}`")
    return cast("Mapping[str, str]", found)

"""The settings that there are: for each its default, how it is read, and its line in the reference."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from tenuto.ports.database_url import DatabaseUrl
from tenuto.ports.limits import Rate
from tenuto.ports.mcp import McpServer
from tenuto.ports.models import Price
from tenuto.sdk.http.addresses import Network
from tenuto.service.issuers import Issuer, read_issuers
from tenuto.service.model_settings import NamedModel, read_models, read_prices
from tenuto.service.tools.services import Service
from tenuto.settings.values import (
    Hidden,
    PoolSetting,
    read_count,
    read_database_url,
    read_hidden,
    read_level,
    read_mcp,
    read_networks,
    read_origins,
    read_path,
    read_paths,
    read_pools,
    read_port,
    read_rates,
    read_seconds,
    read_switch,
    read_table,
    read_text,
    read_tools,
    read_url,
    read_words,
)


def _doc(text: str, default: Any, read: Callable[[Any], Any]) -> Any:
    metadata = {"doc": text, "read": read}
    if callable(default):
        return field(default_factory=default, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(slots=True, frozen=True)
class Settings:
    """All of them. `Settings()` is what holds when nobody says anything."""

    # ruff: noqa: RUF009  `_doc` makes the field itself
    data: Path = _doc("The data directory: the journal, files, logs.", Path(".tenuto"), read_path)
    database_url: DatabaseUrl | None = _doc(
        "The PostgreSQL that keeps runs and everything else, `postgresql://user:password@host:5432/name`; without it,"
        " SQLite files in the data directory do.",
        None,
        read_database_url,
    )
    secret_key: Hidden | None = _doc(
        "The master key that seals secrets: 32 random bytes in base64; several with commas between them, the newest"
        " first. Without it, `secret.key` in the data directory is made and used.",
        None,
        read_hidden,
    )
    stage: str = _doc("Whose variables a run uses unless it says.", "dev", read_text)
    nodes: tuple[Path, ...] = _doc(
        "Folders and files with a project's own nodes, besides `nodes/` beside the flow.", (), read_paths
    )
    agents: Path | None = _doc(
        "A folder with agent files, as `--agents`. Without it, a flow that runs without a server finds `agents/` beside it.",
        None,
        read_path,
    )
    http_allow: tuple[Network, ...] = _doc("Networks that nodes may reach besides the public ones.", (), read_networks)
    grace: float = _doc("How long a node that is told to stop may take to return.", 30.0, read_seconds)
    shutdown: float = _doc("How long running nodes may go on when Tenuto stops.", 5.0, read_seconds)
    threads: int = _doc("How many plain `def` nodes run at once.", 16, read_count)
    retention: float | None = _doc(
        "Ended runs older than this are deleted; without it they are kept.", None, read_seconds
    )
    log_lines: int = _doc("How many lines of `ctx.log` a run keeps.", 1_000, read_count)
    resident: int = _doc("How many idle runs stay in memory.", 1_000, read_count)
    runs: int | None = _doc(
        "How many runs are at work at once; more are queued. Without it, all that come.", None, read_count
    )
    tenant_runs: int | None = _doc(
        "How many runs of one tenant are at work at once, where it has no quota of its own; more are queued.",
        100,
        read_count,
    )
    tenant_queue: int | None = _doc(
        "How many runs of one tenant may be queued, where it has no quota of its own; more are refused.",
        100_000,
        read_count,
    )
    idle: float = _doc("After this an idle run leaves memory.", 60.0, read_seconds)
    pools: Mapping[str, PoolSetting] = _doc(
        "`[pools.NAME]`: `concurrency`, `rate` of the nodes that name the pool.", dict, read_pools
    )
    vars: Mapping[str, Any] = _doc(
        "`[vars]` for every stage, `[vars.STAGE]` for one: what `vars.NAME` means.", dict, read_table
    )
    needs: Mapping[str, Any] = _doc(
        "`[needs]`: what exported flows need where they run; it is read when they are imported.", dict, read_table
    )
    tools: Mapping[str, Service] = _doc(
        "`[tools.http.NAME]`: a service that agents may ask as `http:NAME`: its `url`, `method`, `parameters`, `secret`.",
        dict,
        read_tools,
    )
    mcp: Mapping[str, McpServer] = _doc(
        "`[mcp.servers.NAME]`: a server whose tools agents may name as `mcp:NAME/TOOL`: its `command` or `url`, and"
        " `secrets` or `secret`.",
        dict,
        read_mcp,
    )
    model: str | None = _doc(
        "The model that agents ask unless their file names another, as `provider:model[@base_url]` or a name of `[models]`."
        " Without it: the provider whose key is in the environment, else a running Ollama, else scripted demo answers.",
        None,
        read_text,
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
        "A TOML file with more rows like those of `[prices]`, which come first.", None, read_path
    )
    share_model_keys: bool = _doc(
        "Whether tenants other than `default` may use the keys of models in the server's environment.",
        False,
        read_switch,
    )
    knowledge_url: str | None = _doc(
        "The knowledge service that `http:search_documents` asks; without it there is no such tool.", None, read_url
    )
    integrations_url: str | None = _doc(
        "The integrations service that `http:create_jira_issue` asks; without it there is no such tool.", None, read_url
    )
    host: str = _doc("The address that the server listens at.", "127.0.0.1", read_text)
    port: int = _doc("The port that the server listens at.", 8090, read_port)
    allowed_hosts: tuple[str, ...] = _doc(
        "Names under which the server answers, besides those of loopback and `host`; `*.example.com` allows all below.",
        (),
        read_words,
    )
    cors_origins: tuple[str, ...] = _doc(
        "Origins of pages elsewhere that may read the API, each exactly as `https://app.example.com`.", (), read_origins
    )
    trusted_proxies: tuple[Network, ...] = _doc(
        "Networks of proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` count.", (), read_networks
    )
    body_limit: int = _doc("How many bytes the body of a request may have.", 10 * 1024 * 1024, read_count)
    request_timeout: float = _doc("After this a request whose answer has not begun is ended.", 60.0, read_seconds)
    open_metrics: bool = _doc(
        "Whether `/metrics` and `/health*` need no credential where the server listens at more than loopback.",
        False,
        read_switch,
    )
    log_level: str = _doc(
        "From which level on the server says what it does: debug, info, warning, error.", "info", read_level
    )
    limits: Mapping[str, Rate | None] = _doc(
        "`[limits]`: `start`, `write`, `read` of one key or user, `tenant` of all its requests, `address` and `auth`"
        " (logins) of one address: rates such as `600/1m`, or `off`.",
        dict,
        read_rates,
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

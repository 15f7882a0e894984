"""`tenuto mcp …`: MCP servers whose tools agents may call; and, on its own, a data directory as an MCP server on stdio."""

from typing import Annotated

import typer

from tenuto.cli.options import AgentFolder, Data, FlowFolder, Json, Stage, Tenant

group = typer.Typer(
    help="MCP servers: add, list, approve, remove. On its own: be one, on stdin and stdout.",
    invoke_without_command=True,
    pretty_exceptions_enable=False,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="What agents write before the slash", show_default=False)]


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="mcp")


@group.callback()
def serve(
    context: typer.Context, stage: Stage = None, data: Data = None, flows: FlowFolder = None, agents: AgentFolder = None
) -> int | None:
    """Be an MCP server on stdin and stdout: flows, agents and nodes of a data directory as tools."""
    if context.invoked_subcommand is not None:
        return None
    from tenuto.cli import mcp_serving

    return mcp_serving.serve(data, stage, flows, agents)


@group.command("add", context_settings={"allow_interspersed_args": False})
def add(
    name: Name,
    where: Annotated[
        list[str],
        typer.Argument(metavar="URL|COMMAND...", help="An address, or a program with its words", show_default=False),
    ],
    secret: Annotated[
        str, typer.Option("--secret", metavar="SECRET", help="The secret that is sent as a bearer token")
    ] = "",
    header: Annotated[
        list[str] | None, typer.Option("--header", metavar="NAME=VALUE", help="A header to send; may be repeated")
    ] = None,
    env: Annotated[
        list[str] | None,
        typer.Option(
            "--env", metavar="NAME=VALUE", help="What the program finds in its environment; nothing else is there"
        ),
    ] = None,
    env_secret: Annotated[
        list[str] | None,
        typer.Option(
            "--env-secret", metavar="NAME=SECRET", help="The same with the value of a secret; may be repeated"
        ),
    ] = None,
    trusted: Annotated[
        bool, typer.Option("--trusted", help="What it answers is your own, not text of strangers")
    ] = False,
    timeout: Annotated[float, typer.Option("--timeout", metavar="SECONDS", help="For one call")] = 60.0,
    tenant: Tenant = "default",
    data: Data = None,
    json: Json = False,
) -> int:
    """Register a server and approve what it offers now. Options stand before its name."""
    from tenuto.cli import mcp_care
    from tenuto.cli.toolshed import Where

    given = mcp_care.Given(where, secret, header or [], env or [], env_secret or [], trusted=trusted, timeout=timeout)
    return mcp_care.add(Where(data, tenant), name, given, json=json)


@group.command("list")
def list_servers(tenant: Tenant = "default", data: Data = None, json: Json = False) -> int:
    """List servers with the tools that were approved."""
    from tenuto.cli import mcp_care
    from tenuto.cli.toolshed import Where

    return mcp_care.list_servers(Where(data, tenant), json=json)


@group.command("show")
def show(name: Name, tenant: Tenant = "default", data: Data = None, json: Json = False) -> int:
    """Ask a server what it offers, and show what has changed since it was approved."""
    from tenuto.cli import mcp_care
    from tenuto.cli.toolshed import Where

    return mcp_care.show(Where(data, tenant), name, json=json)


@group.command("approve")
def approve(
    name: Name,
    tools: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TOOL]...", help="Only these; else all that changed", show_default=False),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask after each of them")] = False,
    tenant: Tenant = "default",
    data: Data = None,
    json: Json = False,
) -> int:
    """Look at what has changed, and approve it."""
    from tenuto.cli import mcp_care
    from tenuto.cli.toolshed import Where

    return mcp_care.approve(Where(data, tenant), name, tools or [], yes=yes, json=json)


@group.command("remove")
def remove(name: Name, tenant: Tenant = "default", data: Data = None, json: Json = False) -> int:
    """Forget a server with all that was approved of it."""
    from tenuto.cli import mcp_care
    from tenuto.cli.toolshed import Where

    return mcp_care.remove(Where(data, tenant), name, json=json)

"""`tenuto tools …`: what agents may call, looked at and called."""

from typing import Annotated

import typer

from tenuto.cli.options import Data, Json, NoWait, Stage

group = typer.Typer(help="Tools of agents: list, show, call.", no_args_is_help=True, pretty_exceptions_enable=False)

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="Such as mcp:tickets/search or node:http.request", show_default=False)
]
Tenant = Annotated[str, typer.Option("--tenant", metavar="ID", help="Whose they are")]


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="tools")


@group.command("list")
def list_tools(
    kind: Annotated[
        str | None, typer.Option("--kind", metavar="KIND", help="Only node, flow, agent, http or mcp")
    ] = None,
    named: Annotated[str, typer.Option("--named", metavar="TEXT", help="A part of the name")] = "",
    stage: Stage = None,
    tenant: Tenant = "default",
    data: Data = None,
    json: Json = False,
) -> int:
    """List the tools that agents may name. Of MCP servers, what was approved."""
    from tenuto.cli import toolshed

    return toolshed.list_tools(toolshed.Where(data, tenant, stage), kind, named, json=json)


@group.command("show")
def show(name: Name, stage: Stage = None, tenant: Tenant = "default", data: Data = None, json: Json = False) -> int:
    """Show a tool with its arguments."""
    from tenuto.cli import toolshed

    return toolshed.show_tool(toolshed.Where(data, tenant, stage), name, json=json)


@group.command("call")
def call(
    name: Name,
    pairs: Annotated[
        list[str] | None, typer.Option("-a", metavar="KEY=VALUE", help="An argument; may be repeated")
    ] = None,
    arguments: Annotated[
        str | None, typer.Option("--arguments", metavar="JSON", help="All arguments as an object")
    ] = None,
    stage: Stage = None,
    data: Data = None,
    no_wait: NoWait = False,
    json: Json = False,
) -> int:
    """Call a tool, as a run of its own."""
    from tenuto.cli import toolshed

    return toolshed.call(
        toolshed.Where(data, "default", stage), name, pairs or [], arguments, wait=not no_wait, json=json
    )

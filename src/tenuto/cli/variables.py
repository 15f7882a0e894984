"""`tenuto variables …`: what `vars.NAME` means in the runs of a server."""

from typing import Annotated

import typer

from tenuto.cli.options import Data, Json, Tenant, Where

group = typer.Typer(
    help="Variables of a server: list, set, delete.", no_args_is_help=True, pretty_exceptions_enable=False
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="As in ${vars.NAME}", show_default=False)]


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="variables")


@group.command("list")
def list_variables(
    stage: Annotated[str | None, typer.Option("--stage", metavar="STAGE", help="Only those of this stage")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="How many at most")] = 100,
    tenant: Tenant = "default",
    data: Data = None,
    json: Json = False,
) -> int:
    """List variables by name, with the stage that each is for. Those of tenuto.toml lie below these."""
    from tenuto.cli import varying

    return varying.listing(data, tenant, stage, limit, json=json)


@group.command("set")
def set_(
    name: Name,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="JSON, or a text", show_default=False)],
    stage: Where = "*",
    tenant: Tenant = "default",
    data: Data = None,
    json: Json = False,
) -> int:
    """Set a variable. What is no JSON is a text: 3 is a number, friendly a text, '"3"' a text too."""
    from tenuto.cli import varying

    return varying.put(data, tenant, name, value, stage, json=json)


@group.command("delete")
def delete(name: Name, stage: Where = "*", tenant: Tenant = "default", data: Data = None, json: Json = False) -> int:
    """Forget a variable: that of a stage, or that of every stage."""
    from tenuto.cli import varying

    return varying.delete(data, tenant, name, stage, json=json)

"""`tenuto secrets …`: what a server's nodes are given, set from a prompt or stdin. A value is never an argument."""

from typing import Annotated

import typer

from tenuto.cli.options import Data, Json, Tenant, Where

group = typer.Typer(
    help="Secrets of a server: set, list, delete, rotate.", no_args_is_help=True, pretty_exceptions_enable=False
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="As in ${secrets.NAME}", show_default=False)]


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="secrets")


@group.command("set")
def set_(
    name: Name,
    stage: Where = "*",
    host: Annotated[
        list[str] | None,
        typer.Option("--host", metavar="HOST", help="Nodes that are given it reach this host alone; may be repeated"),
    ] = None,
    tenant: Tenant = "default",
    data: Data = None,
    json: Json = False,
) -> int:
    """Set a secret: its value is asked for, or read from stdin (a newline at the end is not part of it)."""
    from tenuto.cli import safe_keeping

    return safe_keeping.put(data, tenant, name, stage, host or [], json=json)


@group.command("list")
def list_secrets(
    stage: Annotated[str | None, typer.Option("--stage", metavar="STAGE", help="Only those of this stage")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="How many at most")] = 100,
    tenant: Tenant = "default",
    data: Data = None,
    json: Json = False,
) -> int:
    """List secrets by name. Values are never shown."""
    from tenuto.cli import safe_keeping

    return safe_keeping.listing(data, tenant, stage, limit, json=json)


@group.command("delete")
def delete(name: Name, stage: Where = "*", tenant: Tenant = "default", data: Data = None, json: Json = False) -> int:
    """Forget a secret: that of a stage, or that of every stage."""
    from tenuto.cli import safe_keeping

    return safe_keeping.delete(data, tenant, name, stage, json=json)


@group.command("rotate")
def rotate(
    forget: Annotated[
        bool, typer.Option("--forget", help="Remove older keys from secret.key: older backups cannot be read any more")
    ] = False,
    data: Data = None,
    json: Json = False,
) -> int:
    """Seal every secret with a new master key: made in secret.key, or the first that TENUTO_SECRET_KEY names."""
    from tenuto.cli import safe_keeping

    return safe_keeping.rotate(data, forget=forget, json=json)

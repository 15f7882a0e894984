"""`tenuto webhooks …`: where a server sends what happens, and what came of it."""

from typing import Annotated

import typer

from tenuto.cli.options import Data, Json, Tenant

group = typer.Typer(
    help="Where a server sends what happens: list, add, remove, deliveries.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

Id = Annotated[str, typer.Argument(metavar="ID", help="As `tenuto webhooks list` shows it", show_default=False)]
Types = Annotated[
    list[str] | None,
    typer.Option("--type", "-t", metavar="TYPE", help="Of events, such as run.failed or run.*; give it more than once"),
]
Labels = Annotated[
    list[str] | None, typer.Option("--label", "-l", metavar="NAME:VALUE", help="Only of runs that have it")
]


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="webhooks")


@group.command("list")
def list_webhooks(tenant: Tenant = "default", data: Data = None, json: Json = False) -> int:
    """List webhooks: where they go, what they are sent, how they are."""
    from tenuto.cli import hooking

    return hooking.listing(data, tenant, json=json)


@group.command("add")
def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="Where to send it", show_default=False)],
    kind: Types = None,
    flow: Annotated[str | None, typer.Option("--flow", metavar="NAME", help="Only what is about this flow")] = None,
    stage: Annotated[str | None, typer.Option("--stage", metavar="STAGE", help="Only what happens there")] = None,
    label: Labels = None,
    description: Annotated[str, typer.Option("--description", metavar="TEXT", help="What it is for")] = "",
    tenant: Tenant = "default",
    data: Data = None,
    json: Json = False,
) -> int:
    """Add a webhook, and show its secret this once. Without --type it is sent how runs end."""
    from tenuto.cli import hooking

    return hooking.add(data, tenant, url, kind or [], label or [], flow, stage, description, json=json)


@group.command("remove")
def remove(webhook: Id, tenant: Tenant = "default", data: Data = None, json: Json = False) -> int:
    """Remove a webhook, with what was still to be sent to it."""
    from tenuto.cli import hooking

    return hooking.remove(data, tenant, webhook, json=json)


@group.command("deliveries")
def deliveries(
    webhook: Id,
    status: Annotated[str | None, typer.Option("--status", metavar="STATUS", help="pending, delivered or dead")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="How many at most")] = 50,
    tenant: Tenant = "default",
    data: Data = None,
    json: Json = False,
) -> int:
    """What was sent to a webhook, the newest first, and what its receiver said."""
    from tenuto.cli import hooking

    return hooking.deliveries(data, tenant, webhook, status, limit, json=json)

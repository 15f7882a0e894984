"""`tenuto keys …`, `tenuto users …`, `tenuto audit verify`: who may do what on a server, and whether its audit is whole."""

from typing import Annotated

import typer

from tenuto.cli.options import Data, Json, Tenant

keys = typer.Typer(
    help="API keys of a server: create, list, revoke.", no_args_is_help=True, pretty_exceptions_enable=False
)
users = typer.Typer(help="People who log in to a server.", no_args_is_help=True, pretty_exceptions_enable=False)
audit = typer.Typer(help="The audit of a server.", no_args_is_help=True, pretty_exceptions_enable=False)

Permissions = Annotated[
    list[str],
    typer.Option("--permission", "-p", metavar="NAME", help="Such as runs:write; give it more than once"),
]
Roles = Annotated[
    list[str],
    typer.Option("--role", metavar="NAME", help="viewer, operator, developer, admin, owner, or one of its own"),
]


Login = Annotated[
    str, typer.Argument(metavar="LOGIN", help="Or the id, as `tenuto users list` shows both", show_default=False)
]


def register(app: typer.Typer) -> None:
    app.add_typer(keys, name="keys")
    app.add_typer(users, name="users")
    app.add_typer(audit, name="audit")


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for", show_default=False)],
    permission: Permissions = [],  # noqa: B006  typer reads it and never changes it
    role: Roles = [],  # noqa: B006  as above
    expires: Annotated[str | None, typer.Option("--expires", metavar="TIME", help="After so long, such as 90d")] = None,
    tenant: Tenant = "default",
    data: Data = None,
    json: Json = False,
) -> int:
    """Make an API key, and show it this once. Without --permission and --role it may what a developer may."""
    from tenuto.cli import people

    return people.create_key(data, tenant, name, permission, role, expires, json=json)


@keys.command("list")
def list_keys(tenant: Tenant = "default", data: Data = None, json: Json = False) -> int:
    """List API keys: what they are for, what they may, when they were last used."""
    from tenuto.cli import people

    return people.list_keys(data, tenant, json=json)


@keys.command("revoke")
def revoke_key(
    key: Annotated[str, typer.Argument(metavar="ID", help="As `tenuto keys list` shows it", show_default=False)],
    tenant: Tenant = "default",
    data: Data = None,
    json: Json = False,
) -> int:
    """Revoke an API key for good. A running server refuses it within five seconds."""
    from tenuto.cli import people

    return people.revoke_key(data, tenant, key, json=json)


@users.command("create")
def create_user(
    login: Annotated[str, typer.Argument(metavar="LOGIN", help="Such as ada@example.com", show_default=False)],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="How people call them")] = "",
    role: Roles = [],  # noqa: B006  as above
    tenant: Tenant = "default",
    data: Data = None,
    json: Json = False,
) -> int:
    """Create a user: the password is asked for, or read from stdin. Without --role they may look, and no more."""
    from tenuto.cli import people

    return people.create_user(data, tenant, login, name, role, json=json)


users.command("add", hidden=True)(create_user)  # as other commands call it


@users.command("list")
def list_users(tenant: Tenant = "default", data: Data = None, json: Json = False) -> int:
    """List the people of a tenant: their roles, and whether they can log in."""
    from tenuto.cli import people

    return people.list_users(data, tenant, json=json)


@users.command("disable")
def disable_user(login: Login, tenant: Tenant = "default", data: Data = None, json: Json = False) -> int:
    """Let somebody log in no more. Who is logged in is sent away within seconds."""
    from tenuto.cli import people

    return people.disable_user(data, tenant, login, disabled=True, json=json)


@users.command("enable")
def enable_user(login: Login, tenant: Tenant = "default", data: Data = None, json: Json = False) -> int:
    """Let somebody log in again."""
    from tenuto.cli import people

    return people.disable_user(data, tenant, login, disabled=False, json=json)


@audit.command("verify")
def verify_audit(data: Data = None, json: Json = False) -> int:
    """Read the whole audit and say what was edited, deleted, put in another order or cut off.

    Exit code: 0 if it is whole, 1 if it is not.
    """
    from tenuto.cli import people

    return people.verify_audit(data, json=json)

"""What may be done, as one table: nouns, actions, a sentence each. Roles are named sets of it, and so are keys.

A name is compared whole, never by how it begins. `<noun>:*` is every action of a noun, `admin:*` is everything; whoever
hands out permissions can hand out only what it holds (`within`).
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from tenuto.service.principal import EVERYTHING
from tenuto.service.refusals import Refused, did_you_mean


class Noun(NamedTuple):
    """What is acted on, and what each action means."""

    name: str
    actions: Mapping[str, str]


TABLE: Final = (
    Noun(
        "flows",
        {
            "read": "See flows, their versions and what is published where.",
            "write": "Save, import and delete flows; run a document that is not saved.",
            "publish": "Publish a version to a stage and take it back; make and order stages.",
        },
    ),
    Noun(
        "runs",
        {
            "read": "See runs, their facts, logs and results.",
            "write": "Start, cancel, pause, retry, fork, annotate and delete runs; send them signals.",
        },
    ),
    Noun("approvals", {"read": "See what waits for a person.", "write": "Approve or reject."}),
    Noun(
        "agents",
        {
            "read": "See agents and what they do.",
            "write": "Save and delete agents.",
            "execute": "Give an agent a task.",
        },
    ),
    Noun("nodes", {"read": "See the node library.", "try": "Run one node alone."}),
    Noun(
        "tools",
        {
            "read": "See the tools that agents may call.",
            "call": "Call a tool.",
            "write": "Register services and MCP servers, and approve what the latter define.",
        },
    ),
    Noun("secrets", {"read": "See the names of secrets; never their values.", "write": "Set and delete secrets."}),
    Noun("variables", {"read": "See variables.", "write": "Set and delete variables."}),
    Noun("schedules", {"read": "See schedules.", "write": "Pause, resume and fire them."}),
    Noun(
        "webhooks",
        {
            "read": "See where events are sent, and what came of it.",
            "write": "Add, change and remove webhooks; try them, send again.",
        },
    ),
    Noun("events", {"write": "Tell flows of something that happened."}),
    Noun("files", {"read": "Download files.", "write": "Upload and delete files."}),
    Noun("users", {"read": "See the people of the tenant.", "write": "Create, change, disable and delete them."}),
    Noun("keys", {"read": "See API keys; never the keys themselves.", "write": "Create and revoke API keys."}),
    Noun(
        "tenants",
        {
            "read": "See the tenant, its quotas, members and roles.",
            "write": "Rename the tenant, change its members and roles.",
            "delete": "Delete the tenant with everything in it.",
        },
    ),
    Noun("audit", {"read": "See who did what."}),
    Noun("metrics", {"read": "See figures of the tenant."}),
    Noun("admin", {"tenants": "Create tenants and set their quotas.", "system": "Care for the whole installation."}),
)

PERMISSIONS: Final[Mapping[str, str]] = {
    f"{noun.name}:{action}": sentence for noun in TABLE for action, sentence in noun.actions.items()
}

# Names that clients of other platforms use, and what they mean here.
_VERBS: Final = ("create", "update", "delete")
ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "agent:read": ("agents:read",),
    **{f"agent:{verb}": ("agents:write",) for verb in _VERBS},
    "agent:execute": ("agents:execute",),
    "agent:*": ("agents:*",),
    "task:read": ("runs:read",),
    **{f"task:{verb}": ("runs:write",) for verb in _VERBS},
    "task:execute": ("runs:write",),
    "task:*": ("runs:*",),
}

WILDCARDS: Final = frozenset(f"{noun.name}:*" for noun in TABLE)
_KNOWN: Final = PERMISSIONS.keys() | WILDCARDS

_READER = frozenset(
    f"{noun}:read"
    for noun in ("flows", "runs", "approvals", "agents", "nodes", "tools", "variables", "schedules", "files", "metrics")
)
_OPERATOR = _READER | {
    "runs:write",
    "approvals:write",
    "agents:execute",
    "schedules:write",
    "events:write",
    "files:write",
}
_DEVELOPER = _OPERATOR | {
    "flows:write", "flows:publish", "agents:write", "nodes:try", "tools:call", "variables:write", "secrets:read", "tenants:read",
    "webhooks:read",
}  # fmt: skip
_ADMIN = _DEVELOPER | {
    "secrets:write", "users:read", "users:write", "keys:read", "keys:write", "tenants:write", "tools:write", "audit:read",
    "webhooks:write",
}  # fmt: skip


class Role(NamedTuple):
    """A named set of permissions that comes with the product."""

    sentence: str
    permissions: frozenset[str]


ROLES: Final[Mapping[str, Role]] = {
    "viewer": Role("Looks.", _READER),
    "operator": Role("Starts and steers runs, answers approvals.", _OPERATOR),
    "developer": Role("Makes and publishes flows and agents.", _DEVELOPER),
    "admin": Role("Manages secrets, people and keys of the tenant.", _ADMIN),
    "owner": Role("Everything in the tenant, its end included.", _ADMIN | {"tenants:delete"}),
}

_ROLE_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,62}")


def canonical(names: Iterable[str]) -> frozenset[str]:
    """The permissions by our names; those that other platforms use are translated, what nobody knows is refused."""
    found: set[str] = set()
    for name in names:
        meant = ALIASES.get(name, (name,))
        for permission in meant:
            if permission not in _KNOWN:
                hint = did_you_mean(name, _KNOWN) or "see the reference of permissions"
                raise Refused("invalid", f"there is no permission `{name[:80]}`", hint)
        found.update(meant)
    return frozenset(found)


def expand(held: Iterable[str]) -> frozenset[str]:
    """Every single permission that is held, wildcards spelt out."""
    names = frozenset(held)
    if EVERYTHING in names:
        return frozenset({EVERYTHING, *PERMISSIONS})
    return frozenset(name for name in PERMISSIONS if name in names or f"{name.partition(':')[0]}:*" in names)


def within(wanted: Iterable[str], held: Iterable[str]) -> bool:
    """Whether all that is wanted is held: nobody hands out more than it has."""
    return expand(wanted) <= expand(held)


def common(some: Iterable[str], others: Iterable[str]) -> frozenset[str]:
    """What both hold."""
    return expand(some) & expand(others)


def check_within(wanted: Iterable[str], held: Iterable[str]) -> None:
    """Refuse to hand out what the giver does not hold."""
    excess = expand(wanted) - expand(held)
    if excess:
        names = ", ".join(f"`{name}`" for name in sorted({EVERYTHING} & excess or excess)[:5])
        raise Refused("forbidden", f"you cannot give what you do not have: {names}", "ask for less, or ask an owner")


def check_role_name(name: str) -> str:
    """The name, if a tenant's own role may have it."""
    if name in ROLES:
        raise Refused("conflict", f"the role `{name}` comes with Tenuto", "choose another name for your own")
    if _ROLE_NAME.fullmatch(name) is None:
        raise Refused("invalid", "a role's name is like `night-shift`: small letters, digits, hyphens", "")
    return name

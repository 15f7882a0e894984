"""What a new run is given: the request, the variables of its stage, and what it takes over from the run it came of."""

from collections.abc import Mapping
from typing import Any, cast

from tenuto.core.machine import About
from tenuto.core.values import NotJson, check_json
from tenuto.hosts.local.history import History
from tenuto.ports.engine import Refused, StartRequest
from tenuto.ports.journal import RunEntry
from tenuto.ports.variables import Variables
from tenuto.service.aside import aside, weight_of
from tenuto.service.inputs import prepare


async def about_of_request(
    request: StartRequest, *, run: str, name: str, variables: Variables, history: History
) -> About:
    """Checked: whatever comes out can be recorded. Raises `Refused`."""
    origin = request.origin
    edits: Mapping[str, Any] = cast("Any", (origin or {}).get("edits")) or {}
    before = await _about_of_origin(history, origin)
    edited = _edited(request.input, "input", edits)
    given = await aside(weight_of(edited), prepare, request.flow.input_schema, edited)
    values = await _variables(request, variables) if request.flow.vars else {}
    if before is not None:
        values |= {key: value for key, value in before.vars.items() if key in request.flow.vars}
    check_recordable(request.trigger, "trigger")
    check_recordable(origin, "origin")
    return About(
        run=run,
        name=name,
        input=given,
        vars=_edited(values, "vars", edits),
        trigger=request.trigger,
        tenant=request.tenant,
        stage=request.stage,
        parent=request.parent,
        depth=request.depth,
        origin=origin,
        key_base=_key_base(run, before, origin),
    )


async def _about_of_origin(history: History, origin: Mapping[str, Any] | None) -> About | None:
    if origin is None:
        return None
    before = await history.about(str(origin.get("run")))
    if before is None:
        raise Refused("not_found", f"there is no run `{origin.get('run')}` to start from")
    return before


async def _variables(request: StartRequest, variables: Variables) -> dict[str, Any]:
    known = await variables.get(tenant=request.tenant, stage=request.stage)
    return {name: known[name] for name in request.flow.vars if name in known}


def _key_base(run: str, before: About | None, origin: Mapping[str, Any] | None) -> str:
    """A retry goes on with its origin's idempotency keys; everything else has its own."""
    if before is None or origin is None or origin.get("kind") != "retry":
        return run
    return before.key_base or before.run


def _edited(value: Any, root: str, edits: Mapping[str, Any]) -> Any:
    """The value with every edit whose place begins with `root.`; the value itself is not changed."""
    for place, new in edits.items():
        head, _, rest = place.partition(".")
        if head == root and rest:
            value = _put(value, rest.split("."), new)
    return value


def _put(value: Any, path: list[str], new: Any) -> Any:
    if not path:
        return new
    known = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
    return {**known, path[0]: _put(known.get(path[0]), path[1:], new)}


def check_recordable(value: object, what: str) -> None:
    try:
        check_json(dict(cast("Mapping[str, object]", value)) if isinstance(value, Mapping) else value, what)
    except NotJson as error:
        raise Refused("invalid", str(error)) from None


def entry_of_request(request: StartRequest, about: About, now: float) -> RunEntry:
    """The run's first line in the index."""
    return RunEntry(
        id=about.run,
        name=about.name,
        flow=request.flow.name,
        document=request.flow.hash,
        status="queued",
        created_at=now,
        tenant=about.tenant,
        stage=about.stage,
        parent=about.parent,
        origin=str(about.origin["run"]) if about.origin else None,
        labels=dict(request.labels),
    )

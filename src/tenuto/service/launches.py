"""What triggers have in common: a run is started from what came in, under an id that follows from it where that matters."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from tenuto.core.expressions import ExpressionError, Value
from tenuto.core.values import NOTHING
from tenuto.ports.engine import StartRequest
from tenuto.service.inputs import Schema, prepare, read_texts
from tenuto.service.platform import Platform
from tenuto.service.refusals import Refused
from tenuto.service.triggers import Trigger

Json = object

LABEL: Final = "trigger"

_DIGITS: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: no i, l, o, u
_SHIFTS: Final = range(125, -1, -5)


@dataclass(slots=True, frozen=True)
class Launch:
    """`said`: what the run reads as `trigger`. `given`: its input, unless the trigger says another; those of `texts` came
    as text (of a path, of a form) and are read as the input declares them."""

    trigger: Trigger
    said: Mapping[str, Json]
    given: Mapping[str, Json]
    run: str
    texts: Collection[str] = ()


async def launch(platform: Platform, what: Launch) -> str:
    """Start the run, durably; harmless if it was started before. Its id."""
    trigger = what.trigger
    flow = (
        await platform.flows.published.resolve(trigger.tenant, trigger.flow, str(trigger.version), trigger.stage)
    ).flow
    given = await _input(platform, what, flow.input_schema)
    request = StartRequest(
        flow,
        prepare(flow.input_schema, given),
        run=what.run,
        stage=trigger.stage,
        tenant=trigger.tenant,
        trigger=what.said,
        labels={LABEL: trigger.kind},
    )
    return await platform.engine.start(request)


async def worked_out(platform: Platform, trigger: Trigger, key: str, said: Mapping[str, Json]) -> Json:
    """A value that the trigger says, with what came in; NOTHING if it says none, or it has none."""
    value = trigger.value(key)
    if value is None:
        return NOTHING
    names = {LABEL: said, "event": said.get("event")}
    if any(reference.name == "vars" for reference in value.references):
        names["vars"] = await platform.variables.get(tenant=trigger.tenant, stage=trigger.stage)
    return _evaluated(value, names, f"`{key}` of the trigger")


def run_id(at: float | None, *parts: str) -> str:
    """The id of a run that follows from what starts it: 48 bits of time, so that ids stay in order, 80 of a hash.

    `at` None: nothing that starts it says the same time however often it is told; then it is all hash.
    """
    told = hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).digest()
    number = int.from_bytes(told[:16]) if at is None else (int(at * 1000) % 2**48 << 80) | int.from_bytes(told[:10])
    return "".join([_DIGITS[(number >> shift) & 31] for shift in _SHIFTS])


async def _input(platform: Platform, what: Launch, schema: Schema | None) -> Json:
    given = await worked_out(platform, what.trigger, "input", what.said)
    if given is not NOTHING:
        return given
    return read_texts(schema, what.given, what.texts) if schema is not None else {}  # it may still read `trigger`


def _evaluated(value: Value, names: Mapping[str, Json], what: str) -> Json:
    try:
        return value.evaluate(names)
    except ExpressionError as error:
        raise Refused("invalid", f"{what} cannot be worked out: {error.message}", error.hint) from None

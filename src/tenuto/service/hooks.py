"""`http` triggers: a request from outside becomes a run.

Who sent it is proven before the body is read as anything but bytes. What it says is data: shapes that mean something
inside (`{"$file": …}`, `{"$secret": …}`) are refused, never resolved. A request that was seen before, by the sender's own id
or by the trigger's `key`, gets the run that the first one got.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from tenuto.core.problems import Problem
from tenuto.core.values import NOTHING
from tenuto.ports.deliveries import Delivery
from tenuto.ports.engine import Outcome
from tenuto.ports.journal import RunEntry
from tenuto.service import hops
from tenuto.service.launches import Launch, launch, worked_out
from tenuto.service.platform import Platform
from tenuto.service.principal import Principal
from tenuto.service.refusals import Invalid, Refused
from tenuto.service.signatures import DEFAULT_HEADER, SIGNATURE_HEADERS, Signed, verify
from tenuto.service.triggers import Trigger

Json = object

HOLDS: Final = 86_400.0  # seconds that a sender's id, or a key, is remembered
LONGEST_KEY: Final = 1_000
RESERVED: Final = frozenset({"$file", "$secret"})
# What proves who somebody is stays with us: a flow that wants to know has no business with it.
_CREDENTIALS: Final = SIGNATURE_HEADERS | {
    "authorization", "cookie", "proxy-authorization", "set-cookie", "x-api-key", "x-amz-security-token",
}  # fmt: skip


FORM: Final = "application/x-www-form-urlencoded"


@dataclass(slots=True, frozen=True)
class Incoming:
    """A request as it came. `headers` by lower-case name; `hops`: how many runs led to it."""

    method: str
    path: str
    query: Mapping[str, Json]
    headers: Mapping[str, str]
    body: bytes
    hops: int = 0

    @property
    def kind(self) -> str:
        """The type of its body; JSON where it does not say."""
        return self.headers.get("content-type", "application/json").partition(";")[0].strip().lower()


@dataclass(slots=True, frozen=True)
class Hook:
    """The trigger that a request is for, and what stands in its path."""

    trigger: Trigger
    parameters: Mapping[str, str | int]

    @property
    def keyed(self) -> bool:
        """Whether it asks for a credential; the others prove themselves by what they send, or not at all."""
        return self.trigger.said.get("auth", "key") == "key"

    @property
    def waits(self) -> bool:
        """Whether the answer is the run's result."""
        return self.trigger.said.get("respond") == "result"


@dataclass(slots=True, frozen=True)
class Received:
    """`again`: this very request was here before, and nothing was started."""

    entry: RunEntry
    again: bool


class WrongMethod(Exception):
    """The path takes other methods."""

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__(", ".join(allowed))
        self.allowed = allowed


async def find(platform: Platform, tenant: str, stage: str, method: str, segments: Sequence[str]) -> Hook:
    """What the request is for; `WrongMethod` or a refusal, the same whatever of the path is unknown."""
    matched = await platform.triggers.route(tenant, stage, method, segments)
    if matched.found is not None:
        return Hook(matched.found, matched.parameters)
    if matched.allowed:
        raise WrongMethod(matched.allowed)
    raise Refused("not_found", "no flow that is published there takes this path", "look at its stage and its `path`")


async def admit(platform: Platform, hook: Hook, incoming: Incoming, who: Principal | None = None) -> str | None:
    """Refuse whoever may not start this; the sender's id of the request, where it is signed and has one.

    `who`: has shown a credential. One that is asked for is looked at before the body is read.
    """
    hops.check(incoming.hops)
    if hook.keyed:
        if who is None or who.tenant != hook.trigger.tenant:
            raise Refused("unauthenticated", "this needs a credential", "send an API key of the tenant")
        who.needs("runs:write")
        return None
    auth = hook.trigger.said.get("auth")
    if not isinstance(auth, Mapping):
        return None
    said = cast("Mapping[str, Json]", auth)
    secrets = await _secrets(platform, hook.trigger, said["secret"])
    signed = Signed(incoming.headers, incoming.body, platform.clock(), str(said.get("header", DEFAULT_HEADER)))
    return verify(str(said["signature"]), signed, secrets)


async def receive(
    platform: Platform, hook: Hook, incoming: Incoming, body: Json, identifier: str | None = None
) -> Received:
    """Start the run, or find the one that this request started before. `body`: as the content type says."""
    _refuse_reserved(body)
    said = _said(hook, incoming, body)
    seen = await _names_of(platform, hook.trigger, said, identifier)
    sent = cast("dict[str, Json]", body) if isinstance(body, dict) else {}
    texts = {*hook.parameters, *(sent if incoming.kind == FORM else ())}
    run, again = await _recorded(platform, hook.trigger, seen)
    try:
        await launch(platform, Launch(hook.trigger, said, {**sent, **hook.parameters}, run, texts))
    except Refused:
        if not again:
            await _forget(platform, hook.trigger, seen)  # nothing came of it: the sender may try again
        raise
    entry = await platform.archive.within(hook.trigger.tenant).entry(run)
    if entry is None:
        raise Refused("gone", "the run of this request was deleted", "send it again as a new one")
    return Received(entry, again)


async def outcome(platform: Platform, received: Received) -> Outcome:
    """What becomes of the run. Whoever waits sets the limit."""
    return await platform.engine.outcome(received.entry.id)


def _said(hook: Hook, incoming: Incoming, body: Json) -> dict[str, Json]:
    return {
        "type": "http",
        "method": incoming.method,
        "path": incoming.path,
        "params": dict(hook.parameters),
        "query": dict(incoming.query),
        "headers": _shown(hook.trigger, incoming.headers),
        "body": body,
        "hops": incoming.hops,
    }


def _shown(trigger: Trigger, headers: Mapping[str, str]) -> dict[str, str]:
    auth = trigger.said.get("auth")
    own = str(cast("Mapping[str, Json]", auth).get("header", DEFAULT_HEADER)) if isinstance(auth, Mapping) else ""
    return {name: value for name, value in headers.items() if name not in _CREDENTIALS and name != own.lower()}


async def _secrets(platform: Platform, trigger: Trigger, named: Json) -> list[str]:
    """Those that are set; without any nobody is let in."""
    names = cast("list[str]", named) if isinstance(named, list) else [str(named)]
    found: list[str] = []
    for name in names:
        try:
            found.append(await platform.secrets.get(name, tenant=trigger.tenant, stage=trigger.stage))
        except KeyError:
            continue
    return found


def _refuse_reserved(body: Json) -> None:
    """Walks without recursion: the body is a stranger's."""
    pending: list[tuple[str, Json]] = [("body", body)]
    while pending:
        path, here = pending.pop()
        if isinstance(here, dict):
            members = cast("dict[str, Json]", here)
            for name in RESERVED & members.keys():
                problem = Problem(path, "reserved", f"an object with `{name}` means something inside")
                raise Invalid("the body cannot be taken", [problem], "files are uploaded, then named in an input")
            pending.extend((f"{path}.{name}", value) for name, value in members.items())
        elif isinstance(here, list):
            pending.extend((f"{path}[{index}]", value) for index, value in enumerate(cast("list[Json]", here)))


# --- what was seen before


async def _names_of(
    platform: Platform, trigger: Trigger, said: Mapping[str, Json], identifier: str | None
) -> list[tuple[str, str]]:
    """By what the request is known again: whose name it is, and the name."""
    seen = [] if identifier is None else [(trigger.source, identifier)]
    key = await worked_out(platform, trigger, "key", said)
    if key is NOTHING or key is None:
        return seen
    if isinstance(key, str | int | float) and not isinstance(key, bool) and 0 < len(str(key)) <= LONGEST_KEY:
        return [*seen, (f"{trigger.source}:key", str(key))]
    raise Refused("invalid", "`key` of the trigger is no text and no number, is empty, or is too long")


async def _recorded(platform: Platform, trigger: Trigger, seen: Sequence[tuple[str, str]]) -> tuple[str, bool]:
    """The id of the run, and whether the request was here before. All its names lead to one run."""
    now = platform.clock()
    run = platform.names.run_id()
    if not seen:
        return run, False
    async with platform.store.write() as tx:
        found = [
            await tx.deliveries.record(Delivery(trigger.tenant, source, name, now, run), since=now - HOLDS)
            for source, name in seen
        ]
        known = next((each.run for each in found if each is not None and each.run is not None), None)
        if known is None:
            return run, False
        for (source, name), before in zip(seen, found, strict=True):
            if before is None:  # it is new, and leads to the same run
                await tx.deliveries.forget(trigger.tenant, source, name)
                await tx.deliveries.record(Delivery(trigger.tenant, source, name, now, known), since=now - HOLDS)
        return known, True


async def _forget(platform: Platform, trigger: Trigger, seen: Sequence[tuple[str, str]]) -> None:
    async with platform.store.write() as tx:
        for source, name in seen:
            await tx.deliveries.forget(trigger.tenant, source, name)

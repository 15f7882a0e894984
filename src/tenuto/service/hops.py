"""How many runs led to a run: what a request of a run starts is one further. So a loop of flows comes to an end."""

from collections.abc import Mapping
from typing import Final

from tenuto.service.refusals import Refused

Json = object

MAX_HOPS: Final = 8
HEADER: Final = "tenuto-hop"
_MEMBER: Final = "hops"


def hops_of(trigger: Mapping[str, Json] | None) -> int:
    """How many led to the run that was started so."""
    found = (trigger or {}).get(_MEMBER)
    return found if isinstance(found, int) else 0


def carried(trigger: Mapping[str, Json] | None) -> dict[str, Json] | None:
    """What a run that is called has of its caller's trigger: nothing, but that it is as far on."""
    hops = hops_of(trigger)
    return {_MEMBER: hops} if hops else None


def check(hops: int) -> None:
    if hops > MAX_HOPS:
        said = f"this was started by a run that was started by a run, more than {MAX_HOPS} times over"
        raise Refused("loop", said, "flows that start each other must come to an end")


def read(said: str) -> int:
    """What the header says. What is no small number is as far as one can come: only a loop, or who plays one, says so."""
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 4 else 1_000

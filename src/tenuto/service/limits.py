"""Who may ask how often: by address, by key or user, and by tenant, for each class of route.

Classes: `auth` (logins: strict, by address), `start` (of runs), `read`, `write`. A limit is there so that one asker cannot
hold up the others; who is alone on a machine should never meet one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Final, Literal

from tenuto.ports.limits import Limits, Rate, Verdict
from tenuto.sdk.http.addresses import unwrapped
from tenuto.service.principal import Principal
from tenuto.service.refusals import Refused

RouteClass = Literal["auth", "start", "read", "write"]

_MINUTE: Final = 60
EXPOSED: Final[Mapping[str, Rate | None]] = {
    "address": Rate(12_000, _MINUTE),
    "auth": Rate(30, _MINUTE),
    "start": Rate(1_200, _MINUTE),
    "write": Rate(1_200, _MINUTE),
    "read": Rate(6_000, _MINUTE),
    "tenant": Rate(24_000, _MINUTE),
}
# Where only this machine can ask, its user is not to be held up; passwords are guessed slowly all the same.
LOOPBACK: Final[Mapping[str, Rate | None]] = {**dict.fromkeys(EXPOSED), "auth": Rate(120, _MINUTE)}


def household(address: str) -> str:
    """Who is counted as one: of IPv6 everybody has 2^64 addresses, and would never be asked to wait."""
    if ":" not in address:
        return address
    try:
        plain = unwrapped(ip_address(address))
    except ValueError:
        return address
    return str(plain) if plain.version == 4 else str(ip_network((int(plain) >> 64 << 64, 64)))


class Limited(Refused):
    """Too many requests. `verdict` says when to come back."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(
            "rate_limited",
            f"more than {verdict.rate.amount} requests in {verdict.rate.seconds} s",
            f"come back in {verdict.reset} s",
        )
        self.verdict = verdict


@dataclass(slots=True)
class Turnstile:
    """Everybody passes it, and is counted. `rates`: what `[limits]` says, over the defaults."""

    limits: Limits
    rates: Mapping[str, Rate | None]

    def address(self, address: str) -> Verdict | None:
        """Any request from there, before anybody knows who asks."""
        return self._pass("address", household(address))

    def login(self, address: str) -> Verdict | None:
        return self._pass("auth", household(address))

    def asker(self, who: Principal, kind: RouteClass) -> Verdict | None:
        """The verdict that leaves least; raises `Limited`."""
        own = self._pass(kind, who.kind, who.id)
        shared = self._pass("tenant", who.tenant)
        if own is None or (shared is not None and shared.remaining < own.remaining):
            return shared
        return own

    def _pass(self, name: str, *who: str) -> Verdict | None:
        rate = self.rates.get(name)
        if rate is None:
            return None
        verdict = self.limits.hit(rate, name, *who)
        if not verdict.allowed:
            raise Limited(verdict)
        return verdict


def turnstile(limits: Limits, given: Mapping[str, Rate | None], *, loopback: bool) -> Turnstile:
    return Turnstile(limits, {**(LOOPBACK if loopback else EXPOSED), **given})

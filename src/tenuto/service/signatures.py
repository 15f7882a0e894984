"""Signed requests from outside: Standard Webhooks, GitHub, Stripe, Slack, and a plain HMAC in a header. Pure.

What is signed is the body as it came, byte for byte; nothing of it is looked at before the signature holds. Comparing
takes as long whatever is compared. A scheme with a timestamp takes it five minutes before or after our clock, no more.
An id is what the sender calls this delivery: one that comes again is the same delivery. It counts only where the sender
vouches for it, so Stripe's and Slack's are read from the signed body; GitHub signs no id, and its header is all there is.
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from tenuto.service.refusals import Refused

WINDOW: Final = 300.0  # seconds
DEFAULT_HEADER: Final = "X-Signature"
MAX_ID: Final = 256
_MAX_SIGNATURES: Final = 20
_SECONDS: Final = re.compile(r"[0-9]{1,12}", re.ASCII)
_STANDARD_ID: Final = re.compile(r"[^.\s]{1,256}")
_PREFIX: Final = "whsec_"


@dataclass(slots=True, frozen=True)
class Signed:
    """One request. `headers` by lower-case name. `header`: where a plain HMAC stands."""

    headers: Mapping[str, str]
    body: bytes
    at: float
    header: str = DEFAULT_HEADER


def verify(kind: str, signed: Signed, secrets: Sequence[str]) -> str | None:
    """The sender's id of this delivery, or None where the scheme has none. Refused unless one of the secrets signed it."""
    keys = [key for secret in secrets if (key := _key(kind, secret))]
    if not keys:  # an empty secret would let anybody in
        raise _unsigned("the secret of this trigger is empty or not of the form that the scheme needs")
    return _SCHEMES[kind](signed, keys)


def _standard(signed: Signed, keys: Sequence[bytes]) -> str:
    identifier = _header(signed, "webhook-id")
    seconds = _fresh(signed, _header(signed, "webhook-timestamp"))
    if not _STANDARD_ID.fullmatch(identifier):  # with a dot in it the same text could be cut elsewhere
        raise _unsigned("`webhook-id` is no id of a message")
    said = _header(signed, "webhook-signature").split(" ")[:_MAX_SIGNATURES]
    given = [each[3:] for each in said if each.startswith("v1,")]
    content = b".".join((identifier.encode(), seconds.encode(), signed.body))
    _compare(given, [base64.b64encode(_sum(key, content)).decode() for key in keys])
    return identifier


def _github(signed: Signed, keys: Sequence[bytes]) -> str | None:
    given = _header(signed, "x-hub-signature-256")
    _compare([given], [f"sha256={_sum(key, signed.body).hex()}" for key in keys])
    return _short(signed.headers.get("x-github-delivery"))


def _stripe(signed: Signed, keys: Sequence[bytes]) -> str | None:
    pairs = [part.strip().partition("=") for part in _header(signed, "stripe-signature").split(",")[:_MAX_SIGNATURES]]
    seconds = _fresh(signed, next((value for name, _, value in pairs if name == "t"), ""))
    given = [value for name, _, value in pairs if name == "v1"]
    _compare(given, [_sum(key, seconds.encode() + b"." + signed.body).hex() for key in keys])
    return _inside(signed.body, "id")


def _slack(signed: Signed, keys: Sequence[bytes]) -> str | None:
    seconds = _fresh(signed, _header(signed, "x-slack-request-timestamp"))
    given = _header(signed, "x-slack-signature")
    content = b":".join((b"v0", seconds.encode(), signed.body))
    _compare([given], [f"v0={_sum(key, content).hex()}" for key in keys])
    return _inside(signed.body, "event_id") or _short(given)


def _plain(signed: Signed, keys: Sequence[bytes]) -> None:
    given = _header(signed, signed.header.lower())
    bare = given.removeprefix("sha256=")
    sums = [_sum(key, signed.body) for key in keys]
    _compare([bare.lower(), bare], [each.hex() for each in sums] + [base64.b64encode(each).decode() for each in sums])


_SCHEMES: Final[Mapping[str, Callable[[Signed, Sequence[bytes]], str | None]]] = {
    "standard": _standard,
    "github": _github,
    "stripe": _stripe,
    "slack": _slack,
    "hmac": _plain,
}

# What is no business of a flow: it was of use to whoever checked the request, and to nobody else.
SIGNATURE_HEADERS: Final = frozenset(
    {"webhook-signature", "x-hub-signature", "x-hub-signature-256", "stripe-signature", "x-slack-signature"}
)


def sign(secrets: Sequence[str], identifier: str, at: float, body: bytes) -> dict[str, str]:
    """The headers of Standard Webhooks for something that we send, signed with each of the secrets."""
    content = b".".join((identifier.encode(), str(int(at)).encode(), body))
    sums = [_sum(_key("standard", secret), content) for secret in secrets]
    return {
        "webhook-id": identifier,
        "webhook-timestamp": str(int(at)),
        "webhook-signature": " ".join("v1," + base64.b64encode(each).decode() for each in sums),
    }


def new_secret() -> str:
    """One of Standard Webhooks, of 256 bits."""
    return _PREFIX + base64.b64encode(os.urandom(32)).decode()


def _key(kind: str, secret: str) -> bytes:
    """What to sign with; empty if it is nothing to sign with."""
    if kind != "standard":
        return secret.encode("utf-8", "surrogatepass") if secret.strip() else b""
    try:
        return base64.b64decode(secret.strip().removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _sum(key: bytes, content: bytes) -> bytes:
    return hmac.new(key, content, hashlib.sha256).digest()


def _compare(given: Sequence[str], wanted: Sequence[str]) -> None:
    """All with all, however early one fits."""
    fits = False
    for one in given:
        for other in wanted:
            fits |= hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode())
    if not fits:
        raise _unsigned("the signature does not fit the body")


def _fresh(signed: Signed, seconds: str) -> str:
    if not _SECONDS.fullmatch(seconds):
        raise _unsigned("the signature has no timestamp")
    if abs(signed.at - int(seconds)) > WINDOW:
        raise _unsigned("the timestamp of the signature is more than five minutes away")
    return seconds


def _header(signed: Signed, name: str) -> str:
    value = signed.headers.get(name, "")
    if not value:
        raise _unsigned(f"the header `{name}` is missing")
    return value


def _inside(body: bytes, name: str) -> str | None:
    """A member of a body that is a JSON object and holds it as text."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return _short(cast("dict[str, object]", value).get(name)) if isinstance(value, dict) else None


def _short(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= MAX_ID else None


def _unsigned(why: str) -> Refused:
    return Refused("unauthenticated", f"this trigger takes signed requests only: {why}")

"""Access tokens: ours to the letter, or worth nothing (SECURITY 1 to 6)."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from tenuto.service.tokens import AUDIENCE, ISSUER, LIFETIME, Tokens

KEY = bytes(range(32))
NOW = 1_800_000_000
GOOD: dict[str, Any] = {
    "iss": ISSUER, "aud": AUDIENCE, "sub": "usr_1", "sid": "ses_1", "tenant": "default", "jti": "j", "iat": NOW, "nbf": NOW,
    "exp": NOW + LIFETIME,
}  # fmt: skip
HEADER = {"alg": "HS256", "typ": "at+jwt"}


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def signed(header: Any, claims: Any, key: bytes = KEY, digest: Any = hashlib.sha256) -> str:
    body = f"{part(header)}.{part(claims)}"
    return f"{body}.{base64.urlsafe_b64encode(hmac.new(key, body.encode(), digest).digest()).rstrip(b'=').decode()}"


def read(token: str, at: float = NOW) -> Any:
    return Tokens(KEY).read(token, at)


def test_what_was_issued_is_read_back() -> None:
    token = Tokens(KEY).issue("usr_1", "ses_1", "acme", NOW)

    access = read(token)

    assert (access.user, access.session, access.tenant, access.expires_at) == ("usr_1", "ses_1", "acme", NOW + LIFETIME)


def test_the_forger_of_this_file_can_forge() -> None:
    """With the key, and everything right, it is taken: so the others are refused for what is wrong with them."""
    assert read(signed(HEADER, GOOD)) is not None


@pytest.mark.parametrize(
    "alg", ["none", "None", "nOnE", "NONE", "", None, "HS384", "HS512", "RS256", "ES256", "hs256", ["HS256"]]
)
def test_no_other_algorithm_is_taken(alg: Any) -> None:
    header, body = {**HEADER, "alg": alg}, f"{part({**HEADER, 'alg': alg})}.{part(GOOD)}"

    assert read(f"{body}.") is None
    assert read(signed(header, GOOD)) is None
    assert read(signed(header, GOOD, digest=hashlib.sha512)) is None


def test_a_public_key_is_no_secret() -> None:
    """Nothing of a key pair is ever a key of ours."""
    public = RSAKey.generate_key(2048).as_pem(private=False)

    assert read(signed(HEADER, GOOD, key=public)) is None


@pytest.mark.parametrize(
    "more",
    [
        {"jku": "https://evil.example/keys"}, {"jwk": {"kty": "oct", "k": "AAAA"}}, {"x5u": "https://evil.example"},
        {"x5c": ["AAAA"]}, {"kid": "../../dev/null"}, {"kid": "' OR 1=1 --"}, {"kid": ""}, {"crit": ["exp"], "exp": 1},
        {"crit": ["b64"], "b64": False}, {"b64": False}, {"zip": "DEF"}, {"cty": "JWT"}, {"typ": "JWT"}, {"typ": "rt+jwt"},
    ],
)  # fmt: skip
def test_a_header_with_wishes_is_refused(more: dict[str, Any]) -> None:
    assert read(signed({**HEADER, **more}, GOOD)) is None


@pytest.mark.parametrize(
    "change",
    [
        {"exp": NOW}, {"exp": NOW - 1}, {"exp": None}, {"exp": float(NOW + 100)}, {"exp": str(NOW + 100)}, {"exp": 10**30},
        {"exp": NOW + LIFETIME + 1}, {"exp": True}, {"nbf": NOW + 60}, {"nbf": None}, {"iat": NOW + 60}, {"iat": None},
        {"iss": "other"}, {"iss": None}, {"iss": [ISSUER]}, {"aud": "other"}, {"aud": [AUDIENCE]}, {"aud": None}, {"sub": ""},
        {"sub": None}, {"sub": 1}, {"sid": None}, {"tenant": None}, {"jti": None}, {"role": "admin"}, {"permissions": ["admin:*"]},
    ],
)  # fmt: skip
def test_every_claim_is_exact(change: dict[str, Any]) -> None:
    """None: it is not there."""
    claims = {name: value for name, value in {**GOOD, **change}.items() if value is not None}

    assert read(signed(HEADER, claims)) is None


@pytest.mark.parametrize("payload", [[], "text", 1, None, [GOOD]])
def test_claims_are_an_object(payload: Any) -> None:
    assert read(signed(HEADER, payload)) is None


def test_a_changed_letter_is_noticed() -> None:
    token = Tokens(KEY).issue("usr_1", "ses_1", "acme", NOW)

    for place in range(0, len(token), 7):
        other = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert read(other) is None or other == token


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "a.b", "a.b.c.d", "é.é.é", "." * 1_000, "A" * 200_000])
def test_nonsense_is_nothing(token: str) -> None:
    assert read(token) is None


def test_another_installation_is_nobody() -> None:
    assert read(Tokens(b"other" * 8).issue("usr_1", "ses_1", "acme", NOW)) is None


def test_it_ends_by_itself() -> None:
    token = Tokens(KEY).issue("usr_1", "ses_1", "acme", NOW)

    assert read(token, NOW + LIFETIME - 1) is not None
    assert read(token, NOW + LIFETIME) is None

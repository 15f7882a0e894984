"""Tokens of outside issuers: by the keys that the issuer publishes, and by nothing that a token says of itself."""

import base64
import hashlib
import hmac
import ipaddress
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from joserfc.errors import SecurityWarning
from joserfc.jwk import RSAKey

from service.issuer import LocalIssuer, ec_key, local_issuer, rsa_key
from service.people import Clock, People, some_people
from tenuto.sdk.http import HttpClient
from tenuto.service.identity import make_identity
from tenuto.service.issuers import Issuer, read_issuers
from tenuto.service.jwks import check_url
from tenuto.service.oidc import OutsideTokens
from tenuto.service.principal import Principal
from tenuto.service.refusals import Refused

LOOPBACK = (ipaddress.ip_network("127.0.0.1/32"),)


class Outside:
    """A server that takes tokens of one issuer."""

    def __init__(self, people: People, issuer: LocalIssuer, http: HttpClient, **more: Any) -> None:
        self.people, self.issuer = people, issuer
        settings: dict[str, Any] = {"roles": {"devs": "developer"}, **more}
        outside = OutsideTokens(people.store, {"corp": Issuer(issuer.url, "tenuto", **settings)}, http, people.clock)
        people.identity = make_identity(people.store, people.data, people.clock, outside=[outside])

    def claims(self, **change: Any) -> dict[str, Any]:
        now = int(self.people.clock())
        good = {"iss": self.issuer.url, "aud": "tenuto", "sub": "ada", "iat": now, "exp": now + 600, "roles": ["devs"]}
        return {name: value for name, value in {**good, **change}.items() if value is not None}

    async def takes(self, token: str) -> Principal | None:
        try:
            return await self.people.identify(token)
        except Refused as refused:
            assert refused.code == "unauthenticated"  # noqa: PT017  it answers None for this refusal alone
            return None


@asynccontextmanager
async def outside(data: Path, *, reach: bool = True, **more: Any) -> AsyncGenerator[Outside]:
    async with some_people(data, clock=Clock()) as people, local_issuer() as issuer:
        http = HttpClient(LOOPBACK if reach else ())
        try:
            yield Outside(people, issuer, http, **more)
        finally:
            await http.aclose()


def forged(header: dict[str, Any], claims: dict[str, Any], key: bytes) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=").decode() for each in (header, claims)]
    signature = hmac.new(key, ".".join(parts).encode(), hashlib.sha256).digest()
    return ".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=").decode()])


def signed_by_hand(header: dict[str, Any], claims: dict[str, Any], key: RSAKey) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=") for each in (header, claims)]
    private = key.private_key
    assert private is not None
    signature = private.sign(b".".join(parts), padding.PKCS1v15(), hashes.SHA256())
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


class TestTokens:
    async def test_a_token_of_the_issuer_is_somebody(self, tmp_path: Path) -> None:
        async with outside(tmp_path) as house:
            who = await house.takes(house.issuer.token(house.claims(name="Ada")))

            assert who is not None
            assert (who.kind, who.id, who.name, who.tenant) == ("oidc", "corp/ada", "Ada", "default")
            assert who.may("flows:publish")

    async def test_the_forger_of_this_file_can_sign(self, tmp_path: Path) -> None:
        """With a plain header it is taken: so the headers below are refused for what stands in them."""
        async with outside(tmp_path) as house:
            assert await house.takes(signed_by_hand({"alg": "RS256", "kid": "one"}, house.claims(), rsa_key("one")))

    async def test_elliptic_curves_are_taken_too(self, tmp_path: Path) -> None:
        async with outside(tmp_path) as house:
            house.issuer.published = [ec_key("curve").as_dict(private=False)]

            assert await house.takes(house.issuer.token(house.claims(), ec_key("curve")))

    @pytest.mark.parametrize(
        "change",
        [
            {"aud": "other"}, {"aud": None}, {"aud": ["other"]}, {"iss": "https://evil.example"}, {"iss": None}, {"sub": None},
            {"sub": ""}, {"sub": 1}, {"sub": "x" * 256}, {"exp": None}, {"exp": 1}, {"exp": 1_800_000_600.5}, {"exp": 10**12},
            {"exp": "1800000600"}, {"nbf": 1_800_003_600}, {"iat": 1_800_003_600}, {"iat": 1.5}, {"exp": True},
        ],
    )  # fmt: skip
    async def test_every_claim_is_exact(self, change: dict[str, Any], tmp_path: Path) -> None:
        """SECURITY 5 and 6."""
        async with outside(tmp_path) as house:
            assert await house.takes(house.issuer.token(house.claims(**change))) is None

    @pytest.mark.parametrize(
        "header",
        [
            {"kid": "other"}, {"kid": "../../dev/null"}, {"kid": "' OR 1=1 --"}, {"kid": ""}, {"kid": None}, {"kid": 1},
            {"jku": "http://127.0.0.1:1/keys"}, {"x5u": "http://127.0.0.1:1/"}, {"x5c": ["AAAA"]}, {"crit": ["x"], "x": 1},
            {"typ": "rt+jwt"}, {"b64": False, "crit": ["b64"]}, {"zip": "DEF"}, {"jwk": "own"},
        ],
    )  # fmt: skip
    async def test_a_header_with_wishes_is_refused(self, header: dict[str, Any], tmp_path: Path) -> None:
        """SECURITY 3 and 4: nothing is fetched from where a token says."""
        async with outside(tmp_path) as house:
            key = rsa_key("one")
            if header == {"jwk": "own"}:
                key = RSAKey.generate_key(2048, {"kid": "one"})
                header = {"jwk": key.as_dict(private=False)}
            said = {"alg": "RS256", "kid": "one", **header}

            assert await house.takes(signed_by_hand(said, house.claims(), key)) is None
            assert set(house.issuer.asked) <= {"/.well-known/openid-configuration", "/keys"}

    @pytest.mark.parametrize("alg", ["none", "None", "HS256", "HS512", "RS512", "PS256", "EdDSA", ""])
    async def test_no_other_algorithm_is_taken(self, alg: str, tmp_path: Path) -> None:
        """SECURITY 1 and 2: the public key is no key of an HMAC."""
        async with outside(tmp_path) as house:
            header = {"alg": alg, "kid": "one", "typ": "JWT"}
            public = rsa_key("one")

            for key in (public.as_pem(private=False), json.dumps(public.as_dict(private=False)).encode(), b""):
                assert await house.takes(forged(header, house.claims(), key)) is None

    async def test_a_key_of_one_kind_does_not_verify_the_other(self, tmp_path: Path) -> None:
        async with outside(tmp_path) as house:
            house.issuer.published = [{**ec_key("curve").as_dict(private=False), "kid": "one"}]

            assert await house.takes(house.issuer.token(house.claims())) is None

    @pytest.mark.filterwarnings("ignore:Key size")
    async def test_a_weak_or_private_or_other_key_of_the_set_is_not_used(self, tmp_path: Path) -> None:
        async with outside(tmp_path) as house:
            with pytest.warns(SecurityWarning):
                weak = RSAKey.generate_key(1024, {"kid": "weak"})
            house.issuer.published = [
                weak.as_dict(private=False), {**rsa_key("one").as_dict(private=False), "use": "enc"}, "text", {"kid": "x"},
                {"kty": "oct", "k": "AAAA", "kid": "oct"}, {"kty": "RSA", "kid": "odd", "n": "!", "e": "AQAB"},
                rsa_key("two").as_dict(private=True),
            ]  # fmt: skip

            for key in (weak, rsa_key("one"), rsa_key("two")):
                assert await house.takes(house.issuer.token(house.claims(), key)) is None

    async def test_other_peoples_issuers_are_nobody(self, tmp_path: Path) -> None:
        async with outside(tmp_path) as house, local_issuer() as other:
            assert await house.takes(other.token(house.claims(iss=other.url))) is None
            assert other.asked == []


class TestKeys:
    async def test_keys_rotate(self, tmp_path: Path) -> None:
        async with outside(tmp_path) as house:
            assert await house.takes(house.issuer.token(house.claims()))
            house.issuer.published = [rsa_key("two").as_dict(private=False)]
            house.people.clock.now += 61

            assert await house.takes(house.issuer.token(house.claims(), rsa_key("two")))
            assert await house.takes(house.issuer.token(house.claims(sub="eve"))) is None

    async def test_strangers_make_us_ask_once_a_minute_at_most(self, tmp_path: Path) -> None:
        async with outside(tmp_path) as house:
            for number in range(20):
                await house.takes(house.issuer.token(house.claims(), kid=f"unknown-{number}"))

            assert house.issuer.asked == ["/.well-known/openid-configuration", "/keys"]

    async def test_known_keys_hold_while_the_issuer_is_away(self, tmp_path: Path) -> None:
        async with outside(tmp_path) as house:
            assert await house.takes(house.issuer.token(house.claims()))
            house.issuer.broken = True
            house.people.clock.now += 3_600

            assert await house.takes(house.issuer.token(house.claims()))

    async def test_an_issuer_that_calls_itself_otherwise_is_not_believed(self, tmp_path: Path) -> None:
        async with outside(tmp_path) as house:
            house.issuer.claims_to_be = "https://evil.example"

            assert await house.takes(house.issuer.token(house.claims())) is None

    async def test_this_machine_is_reached_only_where_that_is_allowed(self, tmp_path: Path) -> None:
        async with outside(tmp_path, reach=False) as house:
            assert await house.takes(house.issuer.token(house.claims())) is None
            assert house.issuer.asked == []

    @pytest.mark.parametrize(
        "url", ["http://example.com/keys", "file:///etc/passwd", "", "http://127.0.0.1.evil.example/", "ftp://x"]
    )
    def test_keys_come_over_https(self, url: str) -> None:
        with pytest.raises(ValueError, match="is not https"):
            check_url(url)


class TestWorth:
    async def test_roles_are_what_the_settings_say_of_them(self, tmp_path: Path) -> None:
        """A role of the same name in the token is worth nothing by itself."""
        async with outside(tmp_path, default_roles=("viewer",)) as house:
            who = await house.takes(house.issuer.token(house.claims(roles=["owner", "admin:*", 1, None])))

            assert who is not None
            assert who.may("runs:read")
            assert not who.may("runs:write")

    async def test_a_claim_can_name_the_tenant(self, tmp_path: Path) -> None:
        async with some_people(tmp_path / "x") as _, outside(tmp_path, tenant_claim="org", tenant=None) as house:
            acme = await house.people.tenant("acme")
            more = {"tenant_claim": "org", "tenant": None, "tenants": {"ac": acme, "gone": "gone"}}
            async with local_issuer() as issuer:
                http = HttpClient(LOOPBACK)
                there = Outside(house.people, issuer, http, **more)
                found = await there.takes(issuer.token(there.claims(org="ac")))

                assert found is not None
                assert found.tenant == acme
                for org in ("gone", "default", acme, None, 1):
                    assert await there.takes(issuer.token(there.claims(org=org))) is None
                await http.aclose()

    async def test_cognito(self, tmp_path: Path) -> None:
        """Its access tokens have no `aud`, but `client_id`, `token_use` and `cognito:groups`."""
        settings: dict[str, Any] = {
            "audience_claim": "client_id",
            "token_use": "access",
            "roles_claim": "cognito:groups",
        }
        async with outside(tmp_path, **settings) as house:
            good = {
                "aud": None,
                "client_id": "tenuto",
                "token_use": "access",
                "cognito:groups": ["devs"],
                "username": "ada",
            }

            who = await house.takes(house.issuer.token(house.claims(**good)))

            assert who is not None
            assert who.may("flows:write")
            for change in ({"token_use": "id"}, {"client_id": "other"}, {"client_id": None, "aud": "tenuto"}):
                assert await house.takes(house.issuer.token(house.claims(**{**good, **change}))) is None


class TestSettings:
    def test_a_table_an_issuer(self) -> None:
        found = read_issuers(
            {"corp": {"issuer": "https://id.example", "audience": "tenuto", "default_roles": ["viewer"]}}
        )

        assert found["corp"].default_roles == ("viewer",)

    @pytest.mark.parametrize(
        "table",
        [
            {}, {"issuer": "https://id.example"}, {"issuer": "http://id.example", "audience": "x"}, 3, {"corp": 3},
            {"issuer": "https://id.example", "audience": "x", "algorithm": "none"},
            {"issuer": "https://id.example", "audience": ""}, {"issuer": "https://id.example", "audience": "x", "roles": ["a"]},
        ],
    )  # fmt: skip
    def test_one_that_cannot_be_is_refused(self, table: Any) -> None:
        with pytest.raises(ValueError, match=r"oidc|issuer"):
            read_issuers({"corp": table})

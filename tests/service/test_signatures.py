"""Requests that others signed, told from those that nobody did (SECURITY 66)."""

import base64
import hashlib
import hmac
import json

import pytest

from tenuto.service import signatures
from tenuto.service.refusals import Refused
from tenuto.service.signatures import Signed, sign, verify

NOW = 1_800_000_000.0
BODY = b'{"id": "evt_1", "event_id": "Ev1", "total": 5}'
SECRET = "whsec_" + base64.b64encode(b"a secret of some length.").decode()
OTHER = "whsec_" + base64.b64encode(b"another secret, as long.").decode()
KINDS = ("standard", "github", "stripe", "slack", "hmac")


def _sum(content: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()


def signed_by(kind: str, body: bytes = BODY, at: float = NOW, secret: str = SECRET) -> dict[str, str]:
    """What a right sender would send."""
    seconds = str(int(at))
    headers = {
        "standard": lambda: sign([secret], "msg_1", at, body),
        "github": lambda: {"x-hub-signature-256": f"sha256={_sum(body, secret)}", "x-github-delivery": "d-1"},
        "stripe": lambda: {"stripe-signature": f"t={seconds},v1={_sum(seconds.encode() + b'.' + body, secret)}"},
        "slack": lambda: {
            "x-slack-request-timestamp": seconds,
            "x-slack-signature": f"v0={_sum(f'v0:{seconds}:'.encode() + body, secret)}",
        },
        "hmac": lambda: {"x-signature": _sum(body, secret)},
    }
    return headers[kind]()


def check(kind: str, headers: dict[str, str], body: bytes = BODY, *secrets: str, at: float = NOW) -> str | None:
    return verify(kind, Signed(headers, body, at), secrets or (SECRET,))


def refused(kind: str, headers: dict[str, str], body: bytes = BODY, *secrets: str, at: float = NOW) -> str:
    with pytest.raises(Refused) as error:
        check(kind, headers, body, *secrets, at=at)
    assert error.value.code == "unauthenticated"
    return str(error.value)


class TestEveryScheme:
    @pytest.mark.parametrize(
        ("kind", "identifier"),
        [("standard", "msg_1"), ("github", "d-1"), ("stripe", "evt_1"), ("slack", "Ev1"), ("hmac", None)],
    )
    def test_what_the_sender_signed_is_taken_and_its_id_known(self, kind, identifier):
        assert check(kind, signed_by(kind)) == identifier

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_bad_signature(self, kind):
        refused(kind, signed_by(kind, secret=OTHER))

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("at", [0, 10, len(BODY) - 1])
    def test_one_byte_of_the_body_changed(self, kind, at):
        changed = BODY[:at] + bytes([BODY[at] ^ 1]) + BODY[at + 1 :]

        refused(kind, signed_by(kind), changed)

    @pytest.mark.parametrize("kind", KINDS)
    def test_the_same_json_written_otherwise_is_another_body(self, kind):
        refused(kind, signed_by(kind), json.dumps(json.loads(BODY), separators=(",", ":")).encode())

    @pytest.mark.parametrize("kind", KINDS)
    def test_no_header_may_be_missing(self, kind):
        headers = signed_by(kind)
        needed = [name for name in headers if name != "x-github-delivery"]

        for name in needed:
            refused(kind, {other: value for other, value in headers.items() if other != name})

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("secret", ["", " ", "whsec_"])
    def test_an_empty_secret_lets_nobody_in(self, kind, secret):
        if kind != "standard" and secret.strip():
            return  # for the others this is a secret like any other
        forged = {
            **signed_by(kind, secret=secret),
            **({"x-signature": _sum(BODY, "")} if kind == "hmac" else {}),
        }

        assert "secret" in refused(kind, forged, BODY, secret)

    @pytest.mark.parametrize("kind", KINDS)
    def test_while_a_secret_is_changed_either_will_do(self, kind):
        check(kind, signed_by(kind, secret=SECRET), BODY, OTHER, SECRET)
        check(kind, signed_by(kind, secret=OTHER), BODY, OTHER, SECRET)

        refused(kind, signed_by(kind, secret=SECRET), BODY, OTHER)

    @pytest.mark.parametrize("kind", ["standard", "stripe", "slack"])
    @pytest.mark.parametrize(("away", "taken"), [(-301, False), (-299, True), (299, True), (301, False)])
    def test_five_minutes_either_way(self, kind, away, taken):
        headers = signed_by(kind, at=NOW + away)

        if taken:
            check(kind, headers)
        else:
            assert "five minutes" in refused(kind, headers)

    @pytest.mark.parametrize("kind", KINDS)
    def test_comparing_takes_as_long_whatever_is_compared(self, kind, monkeypatch):
        compared = []
        real = hmac.compare_digest
        monkeypatch.setattr(signatures.hmac, "compare_digest", lambda a, b: compared.append(1) or real(a, b))

        check(kind, signed_by(kind), BODY, SECRET, OTHER)
        right = len(compared)
        refused(kind, signed_by(kind, b"other"), BODY, SECRET, OTHER)

        assert right >= 2, "each secret is compared, and by that function alone"
        assert len(compared) == 2 * right, "none is left out once one has fitted"


class TestStandardWebhooks:
    def test_the_example_of_the_standard(self):
        """The vector that its own libraries are tested with."""
        secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        body = b'{"test": 2432232314}'
        headers = {
            "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "webhook-timestamp": "1614265330",
            "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        }

        assert check("standard", headers, body, secret, at=1614265330) == "msg_p5jXN8AQM9LWM0D4loKWxJek"

    def test_of_several_signatures_one_is_enough(self):
        headers = signed_by("standard")
        headers["webhook-signature"] = f"v1,bm90IHRoaXM= v1a,eA== {headers['webhook-signature']}"

        assert check("standard", headers) == "msg_1"

    @pytest.mark.parametrize("version", ["v1a", "v2", "v11", "V1", ""])
    def test_a_signature_of_another_version_is_none(self, version):
        headers = signed_by("standard")
        headers["webhook-signature"] = headers["webhook-signature"].replace("v1,", f"{version},")

        refused("standard", headers)

    @pytest.mark.parametrize("secret", ["no base64!", "whsec_äöü"])
    def test_a_secret_that_is_no_key_lets_nobody_in(self, secret):
        refused("standard", signed_by("standard"), BODY, secret)

    def test_an_id_with_a_dot_could_move_bytes_between_id_and_body(self):
        """`a.1.2` + `.` + body is the same text as `a` + `.1.` + a body that begins with `2.`"""
        headers = sign([SECRET], "msg_1", NOW, f"{int(NOW)}.rest".encode())
        headers["webhook-id"] = f"msg_1.{int(NOW)}"

        refused("standard", headers, b"rest")

    @pytest.mark.parametrize("seconds", ["", "now", "1e9", "-5", "١٢٣", "9" * 13, " 1800000000"])
    def test_a_timestamp_is_whole_seconds(self, seconds):
        refused("standard", signed_by("standard") | {"webhook-timestamp": seconds})


class TestOthers:
    def test_stripe_rolls_its_secrets_by_signing_twice(self):
        seconds = str(int(NOW))
        right = _sum(seconds.encode() + b"." + BODY)

        assert check("stripe", {"stripe-signature": f"t={seconds},v1={'0' * 64},v1={right},v0=abc"}) == "evt_1"
        refused("stripe", {"stripe-signature": f"t={seconds},v0={right}"})

    def test_slack_without_an_id_is_known_by_its_signature(self):
        headers = signed_by("slack", b"command=%2Fgo")

        assert check("slack", headers, b"command=%2Fgo") == headers["x-slack-signature"]

    def test_a_plain_sum_may_be_hex_or_base64_in_a_header_of_its_own(self):
        digest = hmac.new(b"s", BODY, hashlib.sha256).digest()

        for said in (digest.hex(), digest.hex().upper(), f"sha256={digest.hex()}", base64.b64encode(digest).decode()):
            assert verify("hmac", Signed({"x-sum": said}, BODY, NOW, "X-Sum"), ["s"]) is None

    @pytest.mark.parametrize("said", ["sha256=", "sha1=" + "0" * 40, "é", "\ud800", "x" * 10_000])
    @pytest.mark.parametrize("kind", ["github", "slack", "hmac"])
    def test_no_signature_at_all_is_refused_like_a_wrong_one(self, kind, said):
        name = {"github": "x-hub-signature-256", "slack": "x-slack-signature", "hmac": "x-signature"}[kind]

        refused(kind, signed_by(kind) | {name: said})

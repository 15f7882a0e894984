"""Who is counted as one asker."""

import pytest

from tenuto.service.limits import EXPOSED, Limited, household, turnstile
from tenuto.stores.limits_memory import MemoryLimits


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("local", "local"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        (":", ":"),
    ],
)
def test_a_network_of_ipv6_is_one(address: str, counted: str):
    assert household(address) == counted


def test_changing_the_address_gives_no_more_tries():
    """SECURITY 89: of IPv6 whoever guesses passwords has as many as he likes."""
    passing = turnstile(MemoryLimits(lambda: 0.0), {}, loopback=False)
    tries = EXPOSED["auth"]
    assert tries is not None

    for number in range(tries.amount):
        passing.login(f"2001:db8::{number + 1:x}")

    with pytest.raises(Limited):
        passing.login("2001:db8::ffff:1")
    passing.login("2001:db8:0:1::1")

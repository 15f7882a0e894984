"""Which addresses nodes may reach (SECURITY: server-side request forgery)."""

from ipaddress import ip_address

import pytest

from tenuto.sdk.http.addresses import Policy, is_public, parse_networks

INSIDE = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",  # a cloud's metadata
    "127.0.0.1",
    "127.1.2.3",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:10.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:a9fe:a9fe::",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]
PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001::1", "::ffff:8.8.8.8"]


@pytest.mark.parametrize("address", INSIDE)
def test_an_inner_address_is_not_public(address: str) -> None:
    """Private, local, reserved, translated and tunnelled ranges, however Python's `is_global` sees them."""
    assert not is_public(ip_address(address))
    assert not Policy().permits(address, 80)


@pytest.mark.parametrize("address", PUBLIC)
@pytest.mark.parametrize("port", [80, 443, 8080, 8443])
def test_a_public_address_may_be_reached_on_the_usual_ports(address: str, port: int) -> None:
    """A mapped address counts as the one inside it."""
    assert Policy().permits(address, port)


@pytest.mark.parametrize("port", [22, 25, 3306, 5432, 6379, 8090, 9200, 11211])
def test_other_ports_of_public_addresses_are_refused(port: int) -> None:
    """HTTP can be made to speak to databases and mail servers."""
    assert not Policy().permits("8.8.8.8", port)


class TestAllowedNetworks:
    def test_they_may_be_reached_on_any_port(self) -> None:
        """And nothing beside them."""
        policy = Policy(parse_networks("10.0.0.0/8, 127.0.0.1/32 fd00::/8"))

        assert policy.permits("10.9.9.9", 5000)
        assert policy.permits("127.0.0.1", 1)
        assert policy.permits("::ffff:127.0.0.1", 1)
        assert policy.permits("fd12::1", 9)
        assert not policy.permits("127.0.0.2", 80)
        assert not policy.permits("192.168.0.1", 80)

    def test_the_own_listener_stays_refused(self) -> None:
        """A node must not drive the program that runs it."""
        policy = Policy(parse_networks("127.0.0.0/8, ::1"), own=[("127.0.0.1", 8090)])

        assert not policy.permits("127.0.0.1", 8090)
        assert not policy.permits("::ffff:127.0.0.1", 8090)
        assert policy.permits("127.0.0.1", 8091)

    def test_a_listener_on_all_addresses_is_refused_at_loopback(self) -> None:
        """`0.0.0.0` is every address of the machine."""
        policy = Policy(parse_networks("127.0.0.0/8, ::1"), own=[("0.0.0.0", 8090)])

        assert not policy.permits("127.0.0.1", 8090)
        assert not policy.permits("::1", 8090)
        assert policy.permits("127.0.0.1", 8091)

    def test_what_is_no_network_is_named(self) -> None:
        """The settings can show the sentence as it is."""
        with pytest.raises(ValueError, match=r"`10\.0\.0\.0/99` is no network; write it like 10\.0\.0\.0/8"):
            parse_networks("127.0.0.1, 10.0.0.0/99")
        assert parse_networks("  ") == ()


@pytest.mark.parametrize("text", ["", "localhost", "127.1", "0x7f000001", "1.2.3.4.5", "\uff11\uff12\uff17.0.0.1"])
def test_text_that_is_no_address_is_never_permitted(text: str) -> None:
    """Only what a resolver made of it can be judged."""
    assert not Policy(parse_networks("0.0.0.0/0, ::/0")).permits(text, 80)

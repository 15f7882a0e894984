"""Rate limits are counted exactly, by a clock that only goes forward, and forgotten when they are over."""

import itertools

import pytest

from tenuto.ports.limits import Rate
from tenuto.stores.limits_memory import MemoryLimits


class Hand:
    """A clock that is moved by hand."""

    at = 1_000.0

    def __call__(self) -> float:
        return self.at


def test_so_many_and_no_more_until_the_window_has_passed():
    """Whoever is refused is told when to come back, and then is let in."""
    clock = Hand()
    limits, rate = MemoryLimits(clock), Rate(3, 60)

    verdicts = [limits.hit(rate, "read", "ada") for _ in range(5)]
    clock.at += verdicts[-1].reset
    later = limits.hit(rate, "read", "ada")

    assert [verdict.allowed for verdict in verdicts] == [True, True, True, False, False]
    assert [verdict.remaining for verdict in verdicts] == [2, 1, 0, 0, 0]
    assert later.allowed


@pytest.mark.parametrize(
    ("one", "other"), [*itertools.combinations([("a",), ("b",), ("a", "b"), ("ab",), ("a", "b", "")], 2)]
)
def test_nobody_pays_for_another(one: tuple[str, ...], other: tuple[str, ...]):
    """However alike their names are."""
    limits, rate = MemoryLimits(), Rate(1, 60)
    limits.hit(rate, *one)

    assert limits.hit(rate, *other).allowed


def test_a_flood_of_names_does_not_stay():
    """A window that has passed is forgotten."""
    clock = Hand()
    limits = MemoryLimits(clock)
    for name in range(30_000):
        clock.at += 0.01
        limits.hit(Rate(1, 1), str(name))

    assert len(limits._windows) <= 10_200

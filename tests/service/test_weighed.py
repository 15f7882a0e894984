"""What is kept in memory weighs so much together and no more; what was used last stays longest."""

from tenuto.service.weighed import Weighed


def test_what_was_not_used_for_longest_leaves_when_it_gets_too_heavy():
    kept = Weighed[str](10)
    for name in "abc":
        kept.keep(name, 3, name.upper())

    assert kept.get("a") == "A"
    kept.keep("d", 3, "D")

    assert [kept.get(name) for name in "abcd"] == ["A", None, "C", "D"]


def test_the_last_stays_whatever_it_weighs():
    kept = Weighed[str](10)
    kept.keep("a", 1, "A")
    kept.keep("b", 1_000, "B")

    assert kept.get("a") is None
    assert kept.get("b") == "B"


def test_keeping_the_same_again_adds_no_weight():
    kept = Weighed[str](10)
    for _ in range(5):
        kept.keep("a", 4, "A")
    kept.keep("b", 4, "B")

    assert kept.get("a") == "A"

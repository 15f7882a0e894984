"""What is due of several tenants is taken in turn."""

from tenuto.hosts.local.lines import SLICE, Lines


def test_one_tenant_is_a_plain_queue() -> None:
    """In order, and as many at once as there are."""
    lines: Lines[int] = Lines()
    for number in range(10):
        lines.append(number, "a")

    assert lines.share() == len(lines) == 10
    assert [lines.pop() for _ in range(10)] == list(range(10))
    assert not lines


def test_tenants_take_turns_and_few_are_taken_at_once() -> None:
    """SECURITY 90: the long line of one does not stand before another."""
    lines: Lines[str] = Lines()
    lines.append("a0", "a")
    lines.append("b0", "b")
    for number in range(1, 8):
        lines.append(f"a{number}", "a")
    lines.append("b1", "b")

    assert lines.share() == SLICE
    assert [lines.pop() for _ in range(5)] == ["a0", "b0", "a1", "b1", "a2"]
    assert len(lines) == 5

"""What a model step is recorded under."""

from tenuto.sdk.agents.chain import Chain
from tenuto.sdk.agents.messages import Message

A: Message = {"role": "user", "content": "a"}
B: Message = {"role": "assistant", "content": "b"}
C: Message = {"role": "user", "content": "c"}


def hashes(*questions: list[Message]) -> list[str]:
    chain = Chain()
    return [chain.of(question) for question in questions]


def test_the_same_conversation_gives_the_same_hashes() -> None:
    """Told anew, as after a crash, with objects of its own."""
    assert hashes([A], [A, B, C]) == hashes([{**A}], [{**A}, {**B}, {**C}])


def test_any_change_gives_another_hash_from_there_on() -> None:
    first, second = hashes([A], [A, B, C])
    assert hashes([A], [A, B, B]) == [first, hashes([A], [A, B, B])[1]]
    assert hashes([A], [A, B, B])[1] != second
    assert hashes([B], [B, B, C])[0] != first


def test_a_conversation_that_was_written_anew_has_a_hash_of_its_own() -> None:
    """A summary takes the place of what was said."""
    assert hashes([A, B, C], [C])[1] != hashes([C])[0]
    assert hashes([A, B, C], [C]) == hashes([A, B, C], [C])


def test_what_else_is_asked_for_counts() -> None:
    assert Chain().of([A], {"type": "object"}) != Chain().of([A])

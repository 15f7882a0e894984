"""Names of runs."""

import re

from tenuto.hosts.local.names import _ADJECTIVES, _ANIMALS, Names


def test_ids_are_in_order_and_never_the_same() -> None:
    names = Names()

    ids = [names.run_id() for _ in range(5_000)]

    assert ids == sorted(ids)
    assert len(set(ids)) == 5_000
    assert all(re.fullmatch("[0-9a-hjkmnp-tv-z]{26}", each) for each in ids)


def test_names_are_readable_and_seldom_the_same() -> None:
    names = Names()

    made = [names.run_name() for _ in range(1_000)]

    assert all(re.fullmatch("[a-z]+-[a-z]+-[0-9a-f]{4}", each) for each in made)
    assert len(set(made)) > 990


def test_there_are_words_enough_and_none_twice() -> None:
    for words in (_ADJECTIVES, _ANIMALS):
        assert len(words) >= 100
        assert len(set(words)) == len(words)

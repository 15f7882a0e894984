"""How many runs led to a run."""

import pytest

from tenuto.service import hops
from tenuto.service.refusals import Refused


@pytest.mark.parametrize(("trigger", "count"), [(None, 0), ({}, 0), ({"hops": 3}, 3), ({"hops": "3"}, 0)])
def test_a_run_knows_it_by_its_trigger(trigger, count):
    assert hops.hops_of(trigger) == count


def test_a_run_that_is_called_is_as_far_as_its_caller():
    assert hops.carried({"hops": 4, "body": "a secret of the caller"}) == {"hops": 4}
    assert hops.carried({"hops": 0}) is hops.carried(None) is None


@pytest.mark.parametrize(
    ("said", "count"), [("0", 0), ("8", 8), ("999", 999), ("1000", 1_000), ("-1", 1_000), ("", 1_000), ("²", 1_000)]
)
def test_the_header_of_a_request(said, count):
    assert hops.read(said) == count


def test_eight_are_taken():
    hops.check(8)
    with pytest.raises(Refused) as error:
        hops.check(9)

    assert error.value.code == "loop"

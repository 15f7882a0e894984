"""R01 and R02 with real processes: SIGKILL at chosen writes and at random moments, the world watching from outside."""

from pathlib import Path

import pytest

from hosts.local.world import kills_at, random_kills

SIX = [(at, "before" if number % 2 else "after") for number, at in enumerate((1, 4, 8, 11, 14, 18))]
ALL = [(at, side) for at in range(1, 25) for side in ("before", "after")]


def test_sigkill_at_a_write_loses_nothing(tmp_path: Path) -> None:
    """R01: six writes spread over the reference flow, before or after; the process dies and the next one goes on."""
    kills_at(tmp_path, SIX)


@pytest.mark.nightly
def test_sigkill_at_every_write_loses_nothing(tmp_path: Path) -> None:
    """R01, whole: every write of the flow and some more than it has, before and after each."""
    kills_at(tmp_path, ALL)


def test_random_kills_lose_nothing(tmp_path: Path) -> None:
    """R02: ten kills at random moments, with many runs under way; no acknowledgement is lost, all runs end."""
    random_kills(tmp_path, kills=10, runs=20, seed=2)


@pytest.mark.nightly
@pytest.mark.parametrize("batch", range(50))
def test_a_thousand_random_kills_lose_nothing(tmp_path: Path, batch: int) -> None:
    """R02, whole: fifty batches of twenty."""
    random_kills(tmp_path, kills=20, runs=50, seed=batch)

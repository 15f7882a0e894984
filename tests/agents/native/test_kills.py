"""SIGKILL at the writes of an agent of ten steps and more: what was answered is not asked again."""

from pathlib import Path

import pytest

from agents.killing import kills_at

ALL = [f"{at}:{side}" for at in range(1, 14) for side in ("before", "after")]


@pytest.mark.serial
async def test_sigkill_at_a_step_of_an_agent_repeats_nothing(tmp_path: Path) -> None:
    """Early, in the middle of a call, and late."""
    await kills_at(tmp_path, ["3:after", "7:before", "12:after"])


@pytest.mark.nightly
@pytest.mark.serial
async def test_sigkill_at_every_step_of_an_agent_repeats_nothing(tmp_path: Path) -> None:
    """All of its writes, before and after each."""
    await kills_at(tmp_path, ["0:after", *ALL])

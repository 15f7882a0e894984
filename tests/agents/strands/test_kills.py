"""SIGKILL at the writes of an agent that Strands drives: what was answered is not asked again."""

from pathlib import Path

import pytest

from agents.killing import kills_at


@pytest.mark.serial
@pytest.mark.nightly
async def test_sigkill_in_the_middle_repeats_nothing(tmp_path: Path) -> None:
    """After the write of a model's answer."""
    await kills_at(tmp_path, ["7:after"], "strands")


@pytest.mark.nightly
@pytest.mark.serial
async def test_sigkill_early_in_the_middle_and_late_repeats_nothing(tmp_path: Path) -> None:
    """Before and after the writes of answers of the model and of tools."""
    await kills_at(
        tmp_path, ["0:after", "3:after", "6:before", "7:before", "8:after", "12:before", "12:after"], "strands"
    )

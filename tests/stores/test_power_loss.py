"""R03: what was acknowledged survives a power failure at any moment, and the check would notice if it did not."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("power_loss.py")


def images(count: int, *options: str) -> dict[str, int]:
    """What became of so many images of a cut at a random moment."""
    command = [sys.executable, str(SCRIPT), "--images", str(count), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=3_600)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_no_power_failure_loses_or_damages_what_was_acknowledged():
    """P1, R03: 300 images, log folded in often: nothing lost, nothing corrupt, and no false alarm."""
    counts = images(300)

    assert counts["fine"] == 300, counts


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(20))
def test_no_power_failure_loses_anything_on_many_images(seed: int):
    """R03: 20,000 images in all, at several lengths of the log."""
    counts = images(1_000, "--seed", str(100 + seed), "--fold-at", str(30 + 7 * seed))

    assert counts["fine"] == 1_000, counts


def test_the_check_has_teeth():
    """With `synchronous=NORMAL` acknowledged facts do get lost, and the very same check says so."""
    counts = images(150, "--synchronous", "1")

    assert counts["lost"] + counts["corrupt"] > 30, counts

"""What a flow names of a person's own is taken as it is; nothing is run for it that was not made to be named."""

import sys

import pytest

from tenuto.sdk import NodeError
from tenuto.sdk.agents.named import named


@pytest.mark.parametrize(
    "module",
    ["fastapi.__main__", "typer.__main__", "__main__", "__phello__", "os", "subprocess", "tenuto.cli", "lib2to3.pgen2"],
)
def test_what_holds_nothing_of_ones_own_is_not_imported(module: str):
    """Whoever writes a flow may write any name; the program of a package begins when its `__main__` is imported."""
    before = set(sys.modules)

    with pytest.raises(NodeError) as refused:
        named(f"{module}:app", int, "a number", library="agno")

    assert (refused.value.type, refused.value.retry) == ("agent", False)
    assert set(sys.modules) - before == set()

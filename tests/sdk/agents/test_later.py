import pytest

from tenuto.sdk import NodeError
from tenuto.sdk.agents.later import Later, loaded


class TestLater:
    async def test_what_is_missing_is_said_with_the_line_that_installs_it(self) -> None:
        with pytest.raises(NodeError, match=r"pip install 'tenuto\[strands\]'") as raised:
            await loaded("no_such_library.runtime", "strands")

        assert not raised.value.retry

    def test_a_runtime_without_its_library_is_an_import_error_at_once(self) -> None:
        """The house says which line installs it."""
        with pytest.raises(ImportError, match="no_such_library"):
            Later("tenuto.agents.none.runtime", "None", "no_such_library")

"""What every host must do: flows in, journals out. A host is done when all of `CASES` hold.

    @pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
    def test_the_host_keeps_its_promises(case):
        asyncio.run(check(case, MyHarness()))

A harness serves the nodes of `tenuto.testing.host_nodes` and does five things; what it does them with is its own
business. Cases use real time, fractions of a second of it.
"""

from tenuto.testing.host_conformance import again, calling, effects, failing, structure, waiting
from tenuto.testing.host_conformance.play import Case, Document, Harness, Play, check, flow_of, library, node_type

CASES: tuple[Case, ...] = (
    *structure.CASES,
    *failing.CASES,
    *waiting.CASES,
    *calling.CASES,
    *effects.CASES,
    *again.CASES,
)

__all__ = ["CASES", "Case", "Document", "Harness", "Play", "check", "flow_of", "library", "node_type"]

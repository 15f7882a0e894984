"""The public face of the sdk is what authors write against: it changes on purpose or not at all."""

import subprocess
import sys
import typing

import tenuto.sdk
from tenuto.sdk import Context
from tenuto.testing.agents import FakeHouse
from tenuto.testing.context import FakeContext

NAMES = [
    "BrokenNode",
    "Context",
    "Effects",
    "FileRef",
    "Files",
    "NodeDefinition",
    "NodeError",
    "Package",
    "Port",
    "Registry",
    "Suspended",
    "UnknownNode",
    "library",
    "node",
]
ASKED_OF_CONTEXT = {
    "agents",
    "attempt",
    "call_flow",
    "call_node",
    "cancelled",
    "deadline",
    "files",
    "held",
    "http",
    "idempotency_key",
    "log",
    "path",
    "recorded",
    "run",
    "run_sync",
    "secret",
    "step",
    "stream",
    "suspend",
}
HEAVY = ("pydantic", "httpcore2", "httpx2", "asyncio", "importlib.metadata", "email", "jsonschema_rs")


def test_the_sdk_exports_these_names() -> None:
    """A name added, renamed or lost shows here."""
    assert tenuto.sdk.__all__ == NAMES


def test_a_context_offers_these_things() -> None:
    """What a node may ask is a contract with every host."""
    assert {name for name in vars(Context) if not name.startswith("_")} == ASKED_OF_CONTEXT


def test_the_fake_context_is_a_context() -> None:
    """The fake that is shipped has all that a host gives."""
    assert all(hasattr(FakeContext(agents=FakeHouse()), name) for name in ASKED_OF_CONTEXT)
    context: Context = typing.cast("typing.Any", FakeContext())
    assert context.attempt == 1


def test_importing_the_sdk_and_using_a_plain_node_imports_nothing_heavy() -> None:
    """The command line pays for every import at every start."""
    code = (
        "import sys; from tenuto.sdk import Registry, library; registry = Registry();"
        'registry["debug.fail"].bind({"message": "no"}); library(registry)["debug.fail"];'
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"

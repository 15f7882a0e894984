"""Frameworks take seconds to import: that is done beside the loop, so that no other run waits for it, and when one is first used."""

import asyncio
import importlib
import importlib.util
from types import ModuleType

from tenuto.sdk.agents.runtime import Result, Runtime, Work
from tenuto.sdk.context import Context
from tenuto.sdk.errors import NodeError


async def loaded(module: str, extra: str) -> ModuleType:
    """The module. `NodeError` with the line that installs what it needs, if that is not there."""
    try:
        return await asyncio.to_thread(importlib.import_module, module)
    except ModuleNotFoundError as error:
        message = f"{extra} needs {error.name}, which is not installed: pip install 'tenuto[{extra}]'"
        raise NodeError(message, type="runtime", retry=False) from None


class Later:
    """A `Runtime` that is loaded with the first agent that it runs. `library`: what must be installed for it, or `ImportError`."""

    def __init__(self, module: str, name: str, library: str) -> None:
        if importlib.util.find_spec(library) is None:
            raise ModuleNotFoundError(f"No module named '{library}'", name=library)
        self._module = module
        self._name = name
        self._library = library
        self._runtime: Runtime | None = None

    async def run(self, work: Work, ctx: Context) -> Result:
        if self._runtime is None:
            self._runtime = getattr(await loaded(self._module, self._library), self._name)()
        runtime = self._runtime
        assert runtime is not None
        return await runtime.run(work, ctx)

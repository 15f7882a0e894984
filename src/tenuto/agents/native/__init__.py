"""The runtime of our own: the loop of model and tools, and nothing between them and the journal."""

from tenuto.sdk.agents.runtime import Runtime


def make_runtime() -> Runtime:
    from tenuto.agents.native.runtime import Native

    return Native()

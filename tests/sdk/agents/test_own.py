import pytest

from tenuto.sdk.agents import Answer, Ask, Model, ModelError, ModelSpec
from tenuto.sdk.agents.model import Tell
from tenuto.sdk.agents.own import OwnEndpoint


class Refused(Exception):
    status_code = 400


class Down(Exception):
    status_code = 503


class Silent:
    async def answer(self, ask: Ask, tell: Tell, *, key: str) -> Answer:
        raise NotImplementedError


def endpoint(model: Model) -> OwnEndpoint:
    return OwnEndpoint(ModelSpec(provider="strands", model="m"), model)


class TestOwnEndpoint:
    @pytest.mark.parametrize(("error", "retry"), [(Refused("no"), False), (Down("busy"), True), (OSError("cut"), True)])
    async def test_what_a_library_raises_is_a_model_error(self, error: Exception, retry: bool) -> None:
        """Whether the node's `retry` may help is told by the status."""

        async def call() -> None:
            raise error

        with pytest.raises(ModelError) as raised:
            await endpoint(Silent()).guarded(call)

        assert raised.value.retry is retry

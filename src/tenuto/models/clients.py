"""Which class answers for a provider. Each is imported when its first model is asked."""

from tenuto.sdk.agents import Model, ModelError, ModelSpec


def make(spec: ModelSpec) -> Model:
    """A client in our own words. `ModelError` names the line that installs what is missing."""
    match spec.provider:
        case "openai" | "ollama":
            from tenuto.models.openai_chat import OpenAIChat

            return OpenAIChat(spec)
        case "openai-responses":
            from tenuto.models.openai_responses import OpenAIResponses

            return OpenAIResponses(spec)
        case "anthropic":
            from tenuto.models.anthropic import Anthropic

            return Anthropic(spec)
        case "bedrock":
            from tenuto.models.bedrock import Bedrock

            return Bedrock(spec)
        case "scripted":
            from tenuto.models import scripted

            return scripted.make(spec)
        case _:
            raise ModelError(f"nobody here answers for `{spec.name}`", retry=False)

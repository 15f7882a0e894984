"""`provider:model[@base_url]` is read, or a sentence says what would be right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenuto.models.names import PROVIDERS, WrongModel, parse


@pytest.mark.parametrize(
    ("name", "provider", "model", "base_url"),
    [
        ("openai:gpt-6.1-sol", "openai", "gpt-6.1-sol", None),
        ("openai-responses:gpt-6.1-sol", "openai-responses", "gpt-6.1-sol", None),
        ("openai:qwen/qwen3@http://10.0.0.5:8000/v1/", "openai", "qwen/qwen3", "http://10.0.0.5:8000/v1"),
        ("openai:ft:gpt-6:acme::x1", "openai", "ft:gpt-6:acme::x1", None),
        ("ollama:llama3.2:3b", "ollama", "llama3.2:3b", None),
        ("openai:gemini@20240229@https://example.com/v1", "openai", "gemini@20240229", "https://example.com/v1"),
        (
            "bedrock:anthropic.claude-3-5-sonnet-20241022-v2:0",
            "bedrock",
            "anthropic.claude-3-5-sonnet-20241022-v2:0",
            None,
        ),
        ("scripted:/tmp/a b.yaml", "scripted", "/tmp/a b.yaml", None),
        ("local:smollm2", "local", "smollm2", None),
    ],
)
def test_a_name_says_who_answers_and_where(name: str, provider: str, model: str, base_url: str | None):
    spec = parse(name)

    assert (spec.provider, spec.model, spec.base_url) == (provider, model, base_url)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gpt-6", "write openai:gpt-6"),
        ("claude-sonnet-5-5", "write anthropic:claude-sonnet-5-5"),
        ("anthropic/claude-sonnet-5-5", "write anthropic:claude-sonnet-5-5"),
        ("qwen/qwen3", "write openai:qwen/qwen3"),
        ("opnai:gpt-6", "did you mean `openai:gpt-6`?"),
        ("https://example.com/v1", "openai:MODEL@URL"),
        ("openai:", "names no model"),
        ("openai:@http://example.com", "names no model"),
        ("openai:x@http://user:pw@example.com/v1", "a user or a password"),
        ("openai:x@http://", "no host"),
        ("openai:x@http://example.com/v1?key=1", "no `?`"),
        ("local:smollm2@http://example.com", "takes no address"),
        ("openai:a\nb", "one line"),
        ("x" * 2000, "1,000 characters"),
    ],
)
def test_a_wrong_name_is_told_what_would_be_right(name: str, said: str):
    with pytest.raises(WrongModel) as error:
        parse(name)

    assert said in error.value.message
    assert error.value.type == "model"
    assert not error.value.retry


def test_no_password_of_an_address_is_repeated():
    with pytest.raises(WrongModel) as error:
        parse("openai:x@http://user:hunter2@example.com/v1")

    assert "hunter2" not in error.value.message


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(name: str):
    try:
        spec = parse(name)
    except WrongModel as error:
        said = error.message
    else:
        said = ""
        assert spec.provider in PROVIDERS
        assert spec.model
    assert len(said) < 400


@given(
    st.sampled_from(["openai", "openai-responses", "anthropic", "ollama"]),
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,30}", fullmatch=True),
    st.one_of(
        st.none(),
        st.from_regex(r"https?://[a-z][a-z0-9]{0,10}(:[1-9][0-9]{1,3})?(/[a-z0-9]{1,5}){0,2}", fullmatch=True),
    ),
)
def test_what_is_put_together_comes_apart_again(provider: str, model: str, address: str | None):
    spec = parse(f"{provider}:{model}" + (f"@{address}" if address else ""))

    assert (spec.provider, spec.model, spec.base_url) == (provider, model, address)

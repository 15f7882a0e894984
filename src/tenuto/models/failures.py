"""Whatever a provider or its library raises, as one `ModelError`: a line, without keys, saying whether trying again may help.

The libraries are not imported for it: they all say the status, the headers and the cause in the same few ways.
"""

import asyncio
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from tenuto.sdk.agents import ModelError
from tenuto.sdk.errors import NodeError
from tenuto.sdk.http.response import Response

_LONGEST: Final = 300
_KEYS: Final = re.compile(
    r"\b(?:sk|rk|pk|key|org|proj)-[A-Za-z0-9_*.-]{6,}|\bAKIA[A-Z0-9]{8,}|Bearer\s+\S+", re.IGNORECASE
)
_WAITED_FOR: Final = frozenset({408, 409, 425, 429})
_ELSEWHERE: Final = frozenset({401, 402, 403, 404})
_SERVER_ERROR: Final = 500
_TOO_MANY: Final = 429
_REDIRECTED: Final = 300  # nobody follows: a key goes where it was meant to go
_THROTTLED: Final = re.compile(
    r"throttl|too ?many ?requests|overloaded|serviceunavailable|timeout|internalserver", re.IGNORECASE
)
_OUT_OF_MONEY: Final = re.compile(r"insufficient_quota|credit balance is too low|billing", re.IGNORECASE)


class Elsewhere(ModelError):
    """Asking the same endpoint again cannot help; another one may (`model: [a, b]`): a wrong key, no money, no such model."""


class Throttled(ModelError):
    """The provider is up, and wants this model asked less often."""


def as_model_error(error: BaseException, name: str, key: str = "") -> ModelError:
    """`name`: of the model, as it is shown. `key`: what must not stand in the message, whoever quotes it."""
    if isinstance(error, ModelError):
        return error
    inner = next((each for each in _chain(error) if isinstance(each, NodeError)), None)
    if inner is not None:
        hint = " (an administrator may name the model in [models] of tenuto.toml)" if inner.type == "permission" else ""
        return ModelError(
            _line(f"{name}: {inner.message}{hint}", key), retry=inner.retry, retry_after=inner.retry_after
        )
    status = next((found for each in _chain(error) if (found := _status(each))), None)
    if status is None:
        return _without_status(error, name, key)
    return _with_status(error, status, name, key)


def _with_status(error: BaseException, status: int, name: str, key: str) -> ModelError:
    said = _said(error)
    message = _line(f"{name} answered {status}: {said}", key)
    if status in _ELSEWHERE or (status == _TOO_MANY and _OUT_OF_MONEY.search(said)):
        return Elsewhere(message)
    if status == _TOO_MANY:
        return Throttled(message, retry_after=_retry_after(error))
    if status in _WAITED_FOR or status >= _SERVER_ERROR:
        return ModelError(message, retry_after=_retry_after(error))
    return ModelError(message, retry=False)


def _without_status(error: BaseException, name: str, key: str) -> ModelError:
    """No answer, or none that makes sense."""
    if any(
        isinstance(each, TimeoutError | asyncio.TimeoutError) or "Timeout" in type(each).__name__
        for each in _chain(error)
    ):
        return ModelError(f"{name} gave no answer in time")
    if isinstance(error, ImportError):
        return ModelError(_line(f"{name}: {error}", key), retry=False)
    said = _said(error)
    if isinstance(error, AttributeError | KeyError | TypeError | IndexError | ValueError | RecursionError):
        return ModelError(_line(f"{name} gave an answer that makes no sense ({type(error).__name__}: {said})", key))
    return ModelError(_line(f"{name} did not answer: {said}", key))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it, at most ten."""
    each: BaseException | None = error
    for _ in range(10):
        if each is None:
            return
        yield each
        each = each.__cause__ or each.__context__


def _status(error: BaseException) -> int | None:
    for found in (getattr(error, "status_code", None), _of_boto(error).get("HTTPStatusCode")):
        if isinstance(found, int) and not isinstance(found, bool) and found >= _REDIRECTED:
            throttled = found < _SERVER_ERROR and _THROTTLED.search(_code(error))
            return 429 if throttled else found
    kind = type(error).__name__  # in a stream an error has no status of its own
    return 429 if _THROTTLED.search(_code(error)) or "Throttled" in kind else None


def _code(error: BaseException) -> str:
    """What the provider calls it: of a library's error, of its body."""
    body = getattr(error, "body", None)
    inner = cast("dict[str, Any]", body).get("error", body) if isinstance(body, dict) else None
    found: list[Any] = [getattr(error, "code", None), getattr(error, "type", None)]
    if isinstance(inner, dict):
        found += [cast("dict[str, Any]", inner).get("type"), cast("dict[str, Any]", inner).get("code")]
    response = getattr(error, "response", None)
    if isinstance(response, Mapping):
        found.append(cast("Mapping[str, Any]", response).get("Error", {}).get("Code"))
    return " ".join(str(each) for each in found if isinstance(each, str | int))


def _of_boto(error: BaseException) -> Mapping[str, Any]:
    response = getattr(error, "response", None)
    if not isinstance(response, Mapping):
        return {}
    told = cast("Mapping[str, Any]", response).get("ResponseMetadata")
    return cast("Mapping[str, Any]", told) if isinstance(told, Mapping) else {}


def _retry_after(error: BaseException) -> float | None:
    for each in _chain(error):
        headers: Any = getattr(getattr(each, "response", None), "headers", None) or _of_boto(each).get("HTTPHeaders")
        if headers:
            told = {str(name).lower(): str(value) for name, value in dict(headers).items()}
            exact = told.get("retry-after-ms", "")
            if exact.isdecimal():
                return min(float(exact) / 1000, 86_400.0)
            return Response(429, told, b"", "", "").retry_after
    return None


def _said(error: BaseException) -> str:
    """The provider's own words, where the library has kept them."""
    body = getattr(error, "body", None)
    if isinstance(body, dict):
        inner: Any = cast("dict[str, Any]", body).get("error", cast("dict[str, Any]", body))
        message: Any = cast("dict[str, Any]", inner).get("message") if isinstance(inner, dict) else inner
        if isinstance(message, str) and message:
            code = cast("dict[str, Any]", inner).get("code") if isinstance(inner, dict) else None
            return f"{message} [{code}]" if isinstance(code, str) else message
    deepest = [each for each in _chain(error) if str(each)]
    return str(deepest[-1] if str(error) in {"", "Connection error."} and deepest else error) or type(error).__name__


def _line(text: str, key: str) -> str:
    if len(key) >= 4:
        text = text.replace(key, "[key]")
    words = " ".join(text[: _LONGEST * 8].split())
    shown = "".join(character for character in _KEYS.sub("[key]", words) if character.isprintable())
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"

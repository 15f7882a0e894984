"""Whose key goes where. The rules, in order:

1. A tenant's own secret (`openai_api_key`, …) comes before anything of the server's.
2. A key of the server's environment is for the tenant `default`, unless the administrator shares it with all.
3. Either goes to the provider's own host, or to an address that the administrator has configured. To an address that
   stands in an agent's file goes nothing but a tenant's secret that is bound to that very host.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from tenuto.ports.secrets import BoundSecret, Secrets
from tenuto.sdk.agents import ModelError
from tenuto.service.principal import DEFAULT_TENANT

VARIABLES: Final = {"openai": "OPENAI_API_KEY", "openai-responses": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}
ADDRESSES: Final = {
    "openai": "OPENAI_BASE_URL",
    "openai-responses": "OPENAI_BASE_URL",
    "anthropic": "ANTHROPIC_BASE_URL",
}
SECRETS: Final = {
    "openai": "openai_api_key",
    "openai-responses": "openai_api_key",
    "anthropic": "anthropic_api_key",
    "ollama": "ollama_api_key",
}
AWS_VARIABLES: Final = ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_BEARER_TOKEN_BEDROCK")
_AWS_SECRETS: Final = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
_HOSTS: Final = {"openai": "api.openai.com", "openai-responses": "api.openai.com", "anthropic": "api.anthropic.com"}


@dataclass(slots=True, frozen=True)
class Destination:
    """Where a key would go. `address`: None for the provider's own host. `trusted`: the administrator has named the address.

    `variable`: the one that the administrator has named for its key.
    """

    provider: str
    address: str | None
    trusted: bool
    variable: str = ""

    @property
    def host(self) -> str:
        own = _HOSTS.get(self.provider, "")
        return own if self.address is None else (urlsplit(self.address).hostname or "").lower()


@dataclass(slots=True, frozen=True)
class Keys:
    """`shared`: whether other tenants than `default` may use the keys of the server."""

    environment: Mapping[str, str] = field(repr=False)
    secrets: Secrets | None = field(default=None, repr=False)
    shared: bool = False

    async def of(self, to: Destination, *, tenant: str, stage: str) -> str:
        """The key, or nothing where none is needed. `ModelError` says where one is looked for."""
        if to.provider == "bedrock":
            return await self._aws(tenant, stage)
        own = await self._secret(SECRETS.get(to.provider, ""), tenant, stage)
        if own is not None and _may_go(own, to):
            return str(own)
        if to.address is not None and not to.trusted:
            return ""
        variable = to.variable or VARIABLES.get(to.provider, "")
        found = self.environment.get(variable, "") if self.serves(tenant) else ""
        if not found and (to.variable or (to.address is None and to.provider in VARIABLES)):
            raise _missing(to, variable, tenant, mine=self.serves(tenant))
        return found

    async def has(self, provider: str, *, tenant: str, stage: str) -> str:
        """Where a key for the provider stands, as a phrase; empty if there is none."""
        name = SECRETS.get(provider, "aws_access_key_id")
        if await self._secret(name, tenant, stage) is not None:
            return f"the secret `{name}` is set"
        variables = AWS_VARIABLES if provider == "bedrock" else (VARIABLES.get(provider, ""),)
        found = next((name for name in variables if self.environment.get(name)), "")
        return f"{found} is set" if found and self.serves(tenant) else ""

    def serves(self, tenant: str) -> bool:
        """Whether a tenant may use the keys of the server."""
        return self.shared or tenant == DEFAULT_TENANT

    async def _aws(self, tenant: str, stage: str) -> str:
        """`ACCESS:SECRET[:TOKEN]` of the tenant; nothing: what AWS finds by itself, which is the server's."""
        found = [await self._secret(name, tenant, stage) for name in _AWS_SECRETS]
        if found[0] and found[1]:
            return ":".join(str(each) for each in found if each)
        if not self.serves(tenant):
            message = (
                f"the tenant `{tenant}` has no keys of AWS: set the secrets `{_AWS_SECRETS[0]}` and `{_AWS_SECRETS[1]}`"
            )
            raise ModelError(message, retry=False)
        return ""

    async def _secret(self, name: str, tenant: str, stage: str) -> str | None:
        if self.secrets is None or not name:
            return None
        try:
            return await self.secrets.get(name, tenant=tenant, stage=stage) or None
        except KeyError:
            return None


def _may_go(secret: str, to: Destination) -> bool:
    if isinstance(secret, BoundSecret):
        return any(to.host == host or (host[:2] == "*." and to.host.endswith(host[1:])) for host in secret.hosts)
    return to.address is None or to.trusted


def _missing(to: Destination, variable: str, tenant: str, *, mine: bool) -> ModelError:
    secret = SECRETS.get(to.provider, "")
    hint = f"set the secret `{secret}` (tenuto secrets set {secret})" if secret else ""
    if mine:
        return ModelError(
            f"there is no key for {to.provider}: set {variable} in the environment{', or ' + hint if hint else ''}",
            retry=False,
        )
    return ModelError(f"the tenant `{tenant}` has no key for {to.provider}: {hint}", retry=False)

"""An issuer of OpenID Connect on this machine: a discovery document, keys that rotate, and tokens signed with them."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey


@cache
def rsa_key(name: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig"})


@cache
def ec_key(name: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": name, "use": "sig"})


@dataclass
class LocalIssuer:
    """`published`: what its key set holds now. `asked`: paths that were asked for."""

    url: str = ""
    published: list[Any] = field(default_factory=lambda: [rsa_key("one").as_dict(private=False)])
    claims_to_be: str = ""
    asked: list[str] = field(default_factory=list)
    broken: bool = False

    def token(self, claims: dict[str, Any], key: Any = None, **header: Any) -> str:
        key = key or rsa_key("one")
        said: dict[str, Any] = {"alg": "ES256" if isinstance(key, ECKey) else "RS256", "kid": key.kid, **header}
        return jwt.encode(said, claims, key, algorithms=[said["alg"]])

    def answer(self, path: str) -> dict[str, Any] | None:
        if self.broken:
            return None
        if path == "/.well-known/openid-configuration":
            return {"issuer": self.claims_to_be or self.url, "jwks_uri": f"{self.url}/keys"}
        return {"keys": self.published} if path == "/keys" else None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split()[1].decode()
        self.asked.append(path)
        found = self.answer(path)
        body = json.dumps(found or {}).encode()
        status = "200 OK" if found is not None else "500 Oops"
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def local_issuer() -> AsyncGenerator[LocalIssuer]:
    issuer = LocalIssuer()
    server = await asyncio.start_server(issuer.serve, "127.0.0.1", 0)
    issuer.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield issuer

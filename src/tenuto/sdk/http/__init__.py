"""The client behind `ctx.http`: whatever address a flow names, it reaches public ones only, and what was explicitly allowed.

`urls` and `headers` say what may be asked, `addresses` whom, `transport` connects to the very address that was checked,
`bodies` bounds what comes back, `client` puts them together. Importing this package imports no HTTP library.
"""

from tenuto.sdk.http.client import Http, HttpClient
from tenuto.sdk.http.response import Response

__all__ = ["Http", "HttpClient", "Response"]

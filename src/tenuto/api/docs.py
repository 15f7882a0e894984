"""`/` and `/docs`: the API to read and to try, from files of our own: a page that loads nothing from elsewhere can forbid all else.

The page is the same for everybody and holds nothing of an installation. Its link carries the token behind `#`, which a
browser keeps to itself.
"""

from pathlib import Path
from typing import Final

from fastapi import Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from tenuto.api.access import PUBLIC
from tenuto.api.routing import Router

router = Router(tags=["docs"], include_in_schema=False)

_FOLDER: Final = Path(__file__).parent / "docs_page"
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_LINKS: Final = '</docs>; rel="service-doc", </openapi.json>; rel="service-desc", </health>; rel="status"'
_KINDS: Final = {
    "index.html": "text/html",
    "docs.js": "text/javascript",
    "docs.css": "text/css",
    "icon.svg": "image/svg+xml",
}


@router.get("/", dependencies=[PUBLIC])
def root(request: Request) -> Response:
    """The door: a browser is led to what there is to see; a program is told that all is well, and in `Link` what else there is."""
    if "text/html" in request.headers.get("accept", ""):
        return RedirectResponse("/docs", 303, {"Vary": "Accept"})
    said = {"status": "healthy", "message": "AI Agent Management API"}
    return JSONResponse(said, headers={"Vary": "Accept", "Link": _LINKS})


@router.get("/docs", summary="The API to read and to try", dependencies=[PUBLIC])
def page() -> Response:
    return _file("index.html")


@router.get("/docs/docs.js", dependencies=[PUBLIC])
def script() -> Response:
    return _file("docs.js")


@router.get("/docs/docs.css", dependencies=[PUBLIC])
def style() -> Response:
    return _file("docs.css")


@router.get("/favicon.ico", dependencies=[PUBLIC])
def icon() -> Response:
    """Browsers ask for it by this name, whatever it is."""
    return _file("icon.svg")


def _file(name: str) -> Response:
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache"}
    return Response((_FOLDER / name).read_bytes(), media_type=_KINDS[name], headers=headers)

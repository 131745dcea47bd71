"""The interactive page at `/docs`: Swagger UI from an installed package, nothing from elsewhere.

The package only carries the files of npm's `swagger-ui-dist`; a test compares their hashes with the
published ones. The content security policy lets the page run its own scripts and talk to its own
origin, and nothing else.
"""

from pathlib import Path

from fastapi import APIRouter, FastAPI
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, Response
from swagger_ui_bundle import swagger_ui_path

from invx.infra.http.edge import add_router
from invx.infra.http.permissions import public

ASSETS = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png")
ASSETS_FOLDER = Path(str(swagger_ui_path))

# Swagger UI styles some elements in place; its pictures are data URIs in its own style sheet.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Invx API</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="icon" type="image/png" href="docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""

_START = """SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  displayRequestDuration: true,
  filter: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
});
"""


def install_docs_page(app: FastAPI) -> None:
    """Add `/docs` and what it loads. Its links are relative, so a path prefix does no harm."""
    headers = {"Content-Security-Policy": _POLICY}
    kept = {"Cache-Control": "public, max-age=86400"}

    router = APIRouter(dependencies=[public()], include_in_schema=False)

    @router.get("/docs")
    async def docs_page() -> Response:
        return HTMLResponse(_PAGE, headers=headers)

    @router.get("/docs/start.js")
    async def docs_start() -> Response:
        return Response(_START, headers=kept, media_type="text/javascript")

    @router.get("/docs/{asset}")
    async def docs_asset(asset: str) -> Response:
        if asset not in ASSETS:
            raise HTTPException(404)
        return FileResponse(ASSETS_FOLDER / asset, headers=kept)

    add_router(app, router)

import re
from hashlib import sha256

import httpx
import pytest

from invx.infra.http.docs_page import ASSETS, ASSETS_FOLDER

# Of swagger-ui-dist 5.31.0 as its authors published it; the package that carries it adds nothing.
PUBLISHED = {
    "swagger-ui-bundle.js": "93b7b0862a80e2786f85b560be7693c2344354ffa7e7e224f850a54349724c31",
    "swagger-ui.css": "9e576f8322132c76949da47f9bb53c891373c303ea3a761ff548ffc9de50a98c",
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_assets_are_the_published_ones(name: str) -> None:
    assert sha256((ASSETS_FOLDER / name).read_bytes()).hexdigest() == PUBLISHED[name]


async def test_the_page_loads_only_what_is_served_here(client: httpx.AsyncClient) -> None:
    page = await client.get("/docs")
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(links) == 4
    for link in links:
        assert "//" not in link
        answered = await client.get(f"/{link}")
        assert answered.status_code == 200
        assert answered.headers["x-content-type-options"] == "nosniff"
        assert "max-age" in answered.headers["cache-control"]
    start = await client.get("/docs/start.js")
    assert start.headers["content-type"].startswith("text/javascript")
    assert "openapi.json" in start.text


async def test_the_policy_allows_no_script_from_elsewhere_and_none_in_the_page(
    client: httpx.AsyncClient,
) -> None:
    page = await client.get("/docs")
    policy = dict(
        part.strip().partition(" ")[::2]
        for part in page.headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert not re.search(r"<script(?! src)", page.text)


@pytest.mark.parametrize("name", ["__init__.py", "..%2f__init__.py", "swagger-ui-bundle.js.map"])
async def test_nothing_else_of_the_package_is_served(client: httpx.AsyncClient, name: str) -> None:
    assert name not in ASSETS
    assert (await client.get(f"/docs/{name}")).status_code == 404

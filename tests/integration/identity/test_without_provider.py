"""Where no provider is set up, nobody is sent to one."""

from tests.people import anybody, sign_up
from tests.programs import Browser, registered
from tests.world import World


async def test_without_a_provider_there_is_no_button_and_no_way(world: World) -> None:
    page = await Browser(world).open(await registered(await sign_up(world)))
    assert "oidc" not in page.text
    client = anybody(world)
    assert (await client.get("/oauth/oidc")).status_code == 404
    assert (await client.get("/oauth/oidc-callback?code=x&state=y")).status_code == 400

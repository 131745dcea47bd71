"""Who may no longer enter is out within five seconds, with the machine to ourselves.

Under the whole suite the tests of identity allow more (`tests/waiting.py`).
"""

import time

from tests.integration.identity.test_api_keys import new_key, with_key
from tests.pace import slower
from tests.people import open_for_business
from tests.waiting import refused
from tests.world import World

SECONDS_MAX = 5.0
KEYS = 5


async def test_a_revoked_key_is_refused_within_five_seconds(world: World) -> None:
    """Its token is remembered; relay and worker run by themselves."""
    owners = [await open_for_business(world) for _ in range(KEYS)]
    world.host.start_background()
    took = []
    for ada in owners:
        key = await new_key(ada)
        program = with_key(world, key["secret"])
        assert (await program.get("/v1/invoices")).status_code == 200
        assert (await ada.client.delete(f"/v1/api-keys/{key['id']}")).status_code == 204
        began = time.monotonic()
        assert (await refused(program)).status_code == 401
        took.append(time.monotonic() - began)
    print(f"refused after {min(took):.2f} to {max(took):.2f} s")
    assert max(took) < SECONDS_MAX * slower()

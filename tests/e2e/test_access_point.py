"""A document by an access point that is a server of its own, from the request to the answer."""

from pathlib import Path

from invx.infra.embedded import Postgres
from tests.e2e.sending import (
    again,
    happened,
    later,
    let_die,
    path,
    sending_world,
    sent,
    states,
    transmissions,
)
from tests.integration.invoicing.access_point_server import TOKEN, access_point
from tests.world import BUYER

USE = [{"channel": "access_point", "format": "xrechnung_ubl"}]
PARTY = {**BUYER, "endpoint": {"id": "buyer@example.org", "scheme": "EM"}}


async def test_a_document_goes_out_once_whatever_breaks_on_the_way(
    server: Postgres, tmp_path: Path
) -> None:
    with access_point() as far:
        settings = {"INVX_ACCESS_POINT_URL": far.url, "INVX_ACCESS_POINT_TOKEN": TOKEN}
        async with sending_world(server, tmp_path, **settings) as world:
            contact = {"name": "Mia Kern", "email": "mia@example.org", "phone": "+49 40 1234567"}
            endpoint = {"id": "kontor@example.org", "scheme": "EM"}
            desk = await world.seller(transmission_channels=USE, contact=contact, endpoint=endpoint)
            issued = await desk.invoice(
                buyer=PARTY, buyer_reference="04011000-12345-34", supply_date="2026-01-05"
            )
            far.says.append((503, {}))
            far.says.append((202, {"status": "sent", "more": True}))
            far.says.append((202, {"status": "sent", "more": True}))
            await sent(desk, issued, "access_point")
            await world.settle()
            assert await states(desk, issued) == ("queued", "not_required")
            let_die(world, "access_point")
            await later(desk, minutes=1)
            await again(desk)
            assert await states(desk, issued) == ("sent", "not_required")
            assert (far.posts, len(far.kept)) == (3, 1)

            await later(desk, minutes=2)
            assert await states(desk, issued) == ("delivered", "not_required")
            shown = (await transmissions(desk, issued))["access_point"]
            [kept] = far.kept.values()
            archived = await desk.client.get(
                f"{path(issued)}/e-invoice", params={"format": "xrechnung_ubl"}
            )
            assert kept["content"] == archived.content
            assert (kept["sha256"], kept["recipient"]) == (shown["sha256"], "EM:buyer@example.org")
            assert await happened(desk, issued) == [
                "TransmissionQueued",
                "TransmissionDelayed",
                "TransmissionSent",
                "Delivered",
            ]

"""What was first issued lies in a storage: the same bytes for ever, or a problem that says why."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from invx.cli.storage import _targets
from invx.host import holdings_of
from invx.infra.embedded import Postgres
from invx.infra.metrics import FILES_REFUSED
from invx.infra.storage.checked import path_of
from invx.infra.storage.moving import Moving
from invx.infra.storage.sweeping import Sweeping
from invx.infra.system import SystemClock
from tests.e2e.test_archive import opened
from tests.storages import S3Server, make_older
from tests.world import BUYER, Desk, World, open_world

RETENTION = timedelta(days=366 * 11)


@asynccontextmanager
async def world_with(
    server: Postgres, folder: Path, s3: S3Server | None = None, **settings: str
) -> AsyncIterator[World]:
    """An installation whose files lie elsewhere than in its database."""
    environment = dict(settings)
    if s3 is not None:
        environment |= {
            "INVX_S3_ENDPOINT": s3.settings.endpoint or "",
            "INVX_S3_KEY_ID": s3.settings.key_id or "",
            "INVX_S3_SECRET": s3.settings.secret or "",
        }
    async with open_world(server, folder, environment) as world:
        yield world


@pytest.fixture
def files(tmp_path: Path) -> Path:
    return tmp_path / "files"


@pytest.fixture
async def folder_desk(server: Postgres, tmp_path: Path, files: Path) -> AsyncIterator[Desk]:
    async with world_with(server, tmp_path, INVX_STORAGE=f"folder:{files}") as world:
        yield await world.seller()


async def archived(desk: Desk) -> tuple[dict[str, Any], str]:
    """An invoice, and the hash of its PDF."""
    invoice = await desk.invoice()
    response = await desk.client.get(f"/v1/invoices/{invoice['id']}/pdf")
    assert response.status_code == 200, response.text
    sha256 = hashlib.sha256(response.content).hexdigest()
    assert response.headers["etag"] == f'"{sha256}"'
    return invoice, sha256


async def rows(desk: Desk, columns: str) -> list[tuple[Any, ...]]:
    async with desk.world.admin() as conn:
        found = await conn.fetch(
            f"SELECT {columns} FROM invoicing.archives WHERE tenant_id = $1", desk.tenant_id
        )
    return [tuple(row) for row in found]


async def examined(desk: Desk) -> tuple[int, str | None]:
    """What `invx audit verify` finds of the archived files."""
    holdings = holdings_of(desk.world.settings.storage)["invoicing"]
    async with desk.world.admin() as conn:
        return await holdings.examinations["archives"](conn, desk.tenant_id)


async def swept(desk: Desk) -> int:
    return await Sweeping(desk.world.host.contexts["invoicing"], SystemClock()).turn()


async def test_a_row_says_where_the_bytes_lie(folder_desk: Desk, files: Path) -> None:
    _, sha256 = await archived(folder_desk)
    path = files / path_of(folder_desk.tenant_id, sha256)
    [row] = await rows(folder_desk, "sha256, size, place, bytes, row_sha256")
    assert row == (sha256, path.stat().st_size, "folder", None, None)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    async with folder_desk.world.admin() as conn:
        assert await conn.fetchval("SELECT count(*) FROM invoicing.stored_files") == 0
    assert await examined(folder_desk) == (1, None)


async def test_wrong_bytes_are_not_given_and_the_audit_names_the_file(
    folder_desk: Desk, files: Path
) -> None:
    desk = folder_desk
    invoice, sha256 = await archived(desk)
    path = files / path_of(desk.tenant_id, sha256)
    right = path.read_bytes()
    before = FILES_REFUSED.labels("folder", "damaged")._value.get()
    path.write_bytes(right.replace(b"%PDF", b"%PDG", 1))
    for request in (f"/v1/invoices/{invoice['id']}/pdf",):
        refused = await desk.client.get(request)
        assert (refused.status_code, refused.json()["code"]) == (500, "file_damaged")
        assert path_of(desk.tenant_id, sha256) in refused.json()["detail"]
    assert FILES_REFUSED.labels("folder", "damaged")._value.get() == before + 1
    count, wrong = await examined(desk)
    assert count == 1
    assert wrong is not None
    assert path_of(desk.tenant_id, sha256) in wrong
    assert ", pdf: folder" in wrong
    path.unlink()
    refused = await desk.client.get(f"/v1/invoices/{invoice['id']}/pdf")
    assert (refused.status_code, refused.json()["code"]) == (500, "file_missing")
    assert "has no file" in str(await examined(desk))
    path.write_bytes(right)
    assert (await desk.client.get(f"/v1/invoices/{invoice['id']}/pdf")).content == right


async def test_bytes_in_rows_are_looked_at_too(desk: Desk) -> None:
    invoice, _ = await archived(desk)
    async with desk.world.admin() as conn:
        await conn.execute(
            "UPDATE invoicing.stored_files SET bytes = set_byte(bytes, 9, 0) WHERE tenant_id = $1",
            desk.tenant_id,
        )
    refused = await desk.client.get(f"/v1/invoices/{invoice['id']}/pdf")
    assert (refused.status_code, refused.json()["code"]) == (500, "file_damaged")
    assert "the bytes do not give the hash" in str(await examined(desk))


async def test_what_lay_in_its_row_is_still_given(desk: Desk) -> None:
    """As it was before storages came."""
    invoice, sha256 = await archived(desk)
    await into_the_row(desk)
    response = await desk.client.get(f"/v1/invoices/{invoice['id']}/pdf")
    assert hashlib.sha256(response.content).hexdigest() == sha256
    assert await examined(desk) == (1, None)
    assert len(opened(await desk.client.get("/v1/invoices/archive"))) == 2
    async with desk.world.admin() as conn:
        await conn.execute("UPDATE invoicing.archives SET bytes = set_byte(bytes, 9, 0)")
    refused = await desk.client.get(f"/v1/invoices/{invoice['id']}/pdf")
    assert (refused.status_code, refused.json()["code"]) == (500, "file_damaged")
    assert "the bytes do not give the hash" in str(await examined(desk))


async def into_the_row(desk: Desk) -> None:
    async with desk.world.admin() as conn:
        await conn.execute(
            "UPDATE invoicing.archives a SET place = 'row', size = NULL, row_sha256 = NULL,"
            " bytes = (SELECT s.bytes FROM invoicing.stored_files s WHERE"
            " s.tenant_id = a.tenant_id AND s.sha256 = a.sha256)"
        )
        await conn.execute("DELETE FROM invoicing.stored_files")


async def test_a_storage_that_nobody_set_up_is_said_to_be_missing(
    server: Postgres, tmp_path: Path, desk: Desk
) -> None:
    invoice, _ = await archived(desk)
    async with desk.world.admin() as conn:
        await conn.execute("UPDATE invoicing.archives SET place = 's3', row_sha256 = NULL")
    refused = await desk.client.get(f"/v1/invoices/{invoice['id']}/pdf")
    assert (refused.status_code, refused.json()["code"]) == (503, "storage_not_set_up")
    assert "INVX_STORAGE" in str(await examined(desk))


async def test_the_zip_and_the_sealed_archive_read_from_the_storage(folder_desk: Desk) -> None:
    desk = folder_desk
    made = [await archived(desk) for _ in range(3)]
    await desk.world.settle()
    files = opened(await desk.client.get("/v1/invoices/archive"))
    assert {hashlib.sha256(files[f"{each['number']}.pdf"]).hexdigest() for each, _ in made} == {
        sha256 for _, sha256 in made
    }
    holdings = holdings_of(desk.world.settings.storage)["invoicing"]
    assert holdings.files is not None
    async with desk.world.admin() as conn:
        kept = [each async for each in holdings.files(conn, desk.tenant_id)]
    assert sorted(each.sha256 for each in kept) == sorted(sha256 for _, sha256 in made)
    assert all(hashlib.sha256(each.content).hexdigest() == each.sha256 for each in kept)


async def test_what_nothing_names_is_swept_after_an_hour(folder_desk: Desk, files: Path) -> None:
    """A process died between putting a file and naming it."""
    desk = folder_desk
    _, named = await archived(desk)
    places = desk.world.host.contexts["invoicing"].places
    assert places is not None
    orphan = await places.main.put(desk.tenant_id, b"never named")
    for sha256 in (named, orphan.sha256):
        make_older(files / path_of(desk.tenant_id, sha256), timedelta(minutes=50))
    assert await swept(desk) == 0  # somebody may be about to name it
    for sha256 in (named, orphan.sha256):
        make_older(files / path_of(desk.tenant_id, sha256), timedelta(minutes=20))
    assert await swept(desk) == 1
    assert await places.main.exists(desk.tenant_id, named)
    assert not await places.main.exists(desk.tenant_id, orphan.sha256)


async def test_rows_that_nothing_names_are_swept_too(desk: Desk) -> None:
    await archived(desk)
    places = desk.world.host.contexts["invoicing"].places
    assert places is not None
    await places.main.put(desk.tenant_id, b"never named")
    async with desk.world.admin() as conn:
        await conn.execute("UPDATE invoicing.stored_files SET put_at = put_at - interval '2 h'")
    assert await swept(desk) == 1
    assert await examined(desk) == (1, None)


async def test_a_sweep_goes_on_where_it_ended(world: World) -> None:
    desks = [await world.seller() for _ in range(3)]
    context = world.host.contexts["invoicing"]
    assert context.places is not None
    for each in desks:
        await context.places.main.put(each.tenant_id, b"never named")
    async with world.admin() as conn:
        await conn.execute("UPDATE invoicing.stored_files SET put_at = put_at - interval '2 h'")
    sweeping = Sweeping(context, SystemClock(), files_per_turn=1)
    assert [await sweeping.turn() for _ in range(4)] == [1, 1, 1, 0]


async def test_an_erasure_deletes_the_bytes(folder_desk: Desk, files: Path) -> None:
    desk = folder_desk
    invoice, sha256 = await archived(desk)
    path = files / path_of(desk.tenant_id, sha256)
    make_older(path, timedelta(hours=2))
    await desk.world.advance(desk.tenant_id, RETENTION)
    await desk.post("/v1/erasures", {"customer": "C-1"})
    assert path.exists()  # nothing slow between BEGIN and COMMIT
    await desk.world.settle()
    assert not path.exists()
    gone = await desk.client.get(f"/v1/invoices/{invoice['id']}/pdf")
    assert (gone.status_code, gone.json()["code"]) == (410, "document_erased")


async def test_a_young_file_of_an_erased_document_goes_an_hour_later(
    folder_desk: Desk, files: Path
) -> None:
    desk = folder_desk
    _, sha256 = await archived(desk)
    path = files / path_of(desk.tenant_id, sha256)
    await desk.world.advance(desk.tenant_id, RETENTION)
    await desk.post("/v1/erasures", {"customer": "C-1"})
    await desk.world.settle()
    assert path.exists()
    make_older(path, timedelta(hours=2))
    await desk.world.advance(desk.tenant_id, timedelta(hours=2))
    await desk.world.settle()
    assert not path.exists()


async def test_an_erased_document_is_not_archived_anew(desk: Desk) -> None:
    invoice, _ = await archived(desk)
    other = await desk.invoice(buyer={**BUYER, "customer": "C-2"})
    await desk.world.advance(desk.tenant_id, RETENTION)
    await desk.post("/v1/erasures", {"customer": "C-1"})
    begun = await desk.post(
        "/v1/invoices/archive", {"invoices": [invoice["id"], other["id"]], "files": ["pdf", "cii"]}
    )
    await desk.world.settle()
    done = await desk.get(f"/v1/operations/{begun['id']}")
    assert (done["done"], done["failed"]) == (1, 1)
    items = await desk.get(f"/v1/operations/{begun['id']}/items", state="failed")
    assert "document_erased" in {each["problem"]["code"] for each in items["data"]}
    kinds = {(str(row[0]), row[1]) for row in await rows(desk, "document_id, kind")}
    assert len({document for document, _ in kinds}) == 1  # only the other one's


async def moved(desk: Desk, to: str) -> Any:
    found = [
        done
        for context, target in _targets(desk.world.host, to)
        async for done in Moving(context, target).move(desk.tenant_id)
    ]
    return found[-1] if found else None


async def test_files_move_from_row_to_rows_to_folder_to_bucket_and_back(
    server: Postgres, tmp_path: Path, files: Path, s3: S3Server
) -> None:
    bucket = s3.bucket(prefix="").place.bucket
    also = f"folder:{files},s3://{bucket}/kept"
    async with world_with(server, tmp_path, s3, INVX_STORAGE_ALSO=also) as world:
        desk = await world.seller()
        made = [await archived(desk) for _ in range(3)]
        await into_the_row(desk)
        for to in ("database", "folder", "s3", "database"):
            done = await moved(desk, to)
            assert (done.files, done.refused) == (3, [])
            assert {row[0] for row in await rows(desk, "place")} == {to}
            assert await examined(desk) == (3, None)
            for invoice, sha256 in made:
                response = await desk.client.get(f"/v1/invoices/{invoice['id']}/pdf")
                assert hashlib.sha256(response.content).hexdigest() == sha256
            assert await moved(desk, to) is None  # nothing is left to move
        for path in files.rglob("*"):
            if path.is_file():
                make_older(path, timedelta(hours=2))
        assert await swept(desk) == 3  # what was left in the folder; the bucket's are too young


async def test_a_damaged_file_stays_and_is_named_and_the_others_move(
    server: Postgres, tmp_path: Path, files: Path
) -> None:
    settings = {"INVX_STORAGE": f"folder:{files}"}
    async with world_with(server, tmp_path, **settings) as world:
        desk = await world.seller()
        _, broken = await archived(desk)
        _, whole = await archived(desk)
        path = files / path_of(desk.tenant_id, broken)
        path.write_bytes(b"%PDF-1.7 other")
        done = await moved(desk, "database")
        assert done.files == 1
        assert [broken in each for each in done.refused] == [True]
        assert dict(await rows(desk, "sha256, place")) == {broken: "folder", whole: "database"}


async def test_in_a_bucket(server: Postgres, tmp_path: Path, s3: S3Server) -> None:
    bucket = s3.bucket(prefix="").place.bucket
    address = f"s3://{bucket}/live"
    async with world_with(server, tmp_path, s3, INVX_STORAGE=address) as world:
        desk = await world.seller()
        invoice, sha256 = await archived(desk)
        key = f"live/{path_of(desk.tenant_id, sha256)}"
        assert s3.client().head_object(Bucket=bucket, Key=key)["ContentLength"] > 1_000
        assert (await rows(desk, "place")) == [("s3",)]
        s3.client().put_object(Bucket=bucket, Key=key, Body=b"%PDF-1.7 other")
        refused = await desk.client.get(f"/v1/invoices/{invoice['id']}/pdf")
        assert (refused.status_code, refused.json()["code"]) == (500, "file_damaged")
        assert key.removeprefix("live/") in str(await examined(desk))

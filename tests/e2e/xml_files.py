"""Sending XML to the API and reading what it gives back."""

from typing import Any

import httpx

from invx.contexts.invoicing.adapters.einvoice import cii_read, ubl_read
from invx.contexts.invoicing.adapters.einvoice.model import EInvoice
from tests.world import Desk

XML = {"content-type": "application/xml"}
READERS = {"ubl": ubl_read, "cii": cii_read}


def read(data: bytes) -> EInvoice:
    """By the reader of its syntax."""
    return (cii_read if b"CrossIndustryInvoice" in data[:4000] else ubl_read).read(data)


async def send(client: httpx.AsyncClient, path: str, data: bytes, status: int = 200) -> Any:
    response = await client.post(path, content=data, headers=XML)
    assert response.status_code == status, f"{response.status_code} {response.text[:2000]}"
    return response.json()


async def exported(desk: Desk, invoice: dict[str, Any], format: str) -> bytes:
    path = f"/v1/invoices/{invoice['id']}/e-invoice"
    response = await desk.client.get(path, params={"format": format})
    assert response.status_code == 200, response.text
    return response.content


async def findings_of(desk: Desk, data: bytes, format: str) -> list[dict[str, Any]]:
    ruling = await send(desk.client, f"/v1/e-invoices/validate?format={format}", data)
    assert ruling["complete"], ruling["missing"]
    return [each for each in ruling["findings"] if each["severity"] == "fatal"]

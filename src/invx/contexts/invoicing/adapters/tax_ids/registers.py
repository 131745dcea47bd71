"""The registers of VAT ids: VIES of the European Commission, HMRC of the United Kingdom.

A register that is slow, down or overloaded is `unavailable`, with its own word for it: whoever
needs the answer decides by a stated policy (X02). Nothing is asked unless a register is set up.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import structlog

from invx.contexts.invoicing.app.ports import TaxRegister
from invx.contexts.invoicing.domain.tax.tax_ids import RegisterAnswer, TaxIdForm
from invx.kernel.ports import Clock
from invx.rules.tax.model import Validation

SECONDS_MAX = 10.0
_ABSENT = "---"  # what VIES writes where a country tells neither name nor address
_UNKNOWN_TO_HMRC = 404

# HTTP went wrong, or what came back is not what the register's description says.
_NO_ANSWER = (httpx.HTTPError, ValueError, LookupError, TypeError, AttributeError)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Vies:
    """VIES, by its REST interface: EU member states and Northern Ireland (goods)."""

    url: str
    clock: Clock
    transport: httpx.AsyncBaseTransport | None = None

    async def ask(self, form: TaxIdForm, requester: str | None) -> RegisterAnswer:
        """See `app.ports.TaxRegister`."""
        question = {"countryCode": form.country, "vatNumber": form.tax_id[2:]}
        if requester:
            question["requesterMemberStateCode"] = requester[:2]
            question["requesterNumber"] = requester[2:]
        try:
            async with httpx.AsyncClient(transport=self.transport, timeout=SECONDS_MAX) as client:
                response = await client.post(f"{self.url}/check-vat-number", json=question)
                response.raise_for_status()
                return self._read(response.json())
        except _NO_ANSWER as error:
            return _unavailable("vies", self.clock, error)

    def _read(self, found: Mapping[str, Any]) -> RegisterAnswer:
        if not isinstance(found["valid"], bool) or found.get("errorWrappers"):
            raise ValueError(str(found.get("errorWrappers") or found["valid"]))
        trouble = found.get("userError") or "VALID"
        if trouble not in ("VALID", "INVALID"):  # MS_UNAVAILABLE, MS_MAX_CONCURRENT_REQ, TIMEOUT, …
            raise ValueError(trouble)
        return RegisterAnswer(
            validity=Validation.VALID if found["valid"] else Validation.INVALID,
            register="vies",
            asked_at=self.clock.now(),
            consultation=found.get("requestIdentifier") or None,
            name=_said(found.get("name")),
            address=_said(found.get("address")),
        )


@dataclass(frozen=True, slots=True)
class Hmrc:
    """HMRC's VAT (check a UK VAT number) API, version 2.0, with a bearer token of the operator."""

    url: str
    token: str
    clock: Clock
    transport: httpx.AsyncBaseTransport | None = None

    async def ask(self, form: TaxIdForm, requester: str | None) -> RegisterAnswer:
        """See `app.ports.TaxRegister`."""
        path = f"{self.url}/organisations/vat/check-vat-number/lookup/{form.tax_id[2:]}"
        if requester and requester.startswith("GB"):
            path += f"/{requester[2:]}"
        headers = {
            "Accept": "application/vnd.hmrc.2.0+json",
            "Authorization": f"Bearer {self.token}",
        }
        try:
            async with httpx.AsyncClient(transport=self.transport, timeout=SECONDS_MAX) as client:
                response = await client.get(path, headers=headers)
                if response.status_code == _UNKNOWN_TO_HMRC:
                    return self._answer(Validation.INVALID)
                found = response.raise_for_status().json()
                target = found["target"]
                address = [line for _, line in sorted(target.get("address", {}).items())]
                return self._answer(
                    Validation.VALID,
                    consultation=found.get("consultationNumber"),
                    name=target["name"],
                    address="\n".join(address) or None,
                )
        except _NO_ANSWER as error:
            return _unavailable("hmrc", self.clock, error)

    def _answer(self, validity: Validation, **more: str | None) -> RegisterAnswer:
        return RegisterAnswer(validity=validity, register="hmrc", asked_at=self.clock.now(), **more)


def _said(text: str | None) -> str | None:
    return text if text and text != _ABSENT else None


def _unavailable(register: str, clock: Clock, error: Exception) -> RegisterAnswer:
    reason = str(error) or type(error).__name__
    log.warning("tax_register_unavailable", register=register, reason=reason)
    return RegisterAnswer(
        validity=Validation.UNAVAILABLE,
        register=register,
        asked_at=clock.now(),
        reason=reason[:200],
    )


async def ask_all(
    questions: list[tuple[TaxRegister, TaxIdForm, str | None]],
) -> list[RegisterAnswer]:
    """Many questions at once, in order."""
    return await asyncio.gather(*(register.ask(form, by) for register, form, by in questions))

"""What a far side answers, as JSON: one small protocol for access points and for folders.

`{"status": "cleared", "more": true, "receipt": "…", "authority_id": "…",
"reasons": [{"code": "…", "text": "…"}]}`; see docs/transmissions.md.
"""

from typing import Annotated

import msgspec

from invx.contexts.invoicing.domain.delivery.transmission import Answer, Reason, Verdict
from invx.kernel import limits

ANSWER_BYTES_MAX = 1_000_000
_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
_SAID = frozenset(Verdict) - {Verdict.UNREACHABLE}


class NotUnderstood(ValueError):
    """The answer is not what the protocol says."""


class _Reason(msgspec.Struct):
    text: str
    code: str | None = None


class _Answer(msgspec.Struct):
    status: str
    more: bool = False
    receipt: _Text | None = None
    authority_id: _Text | None = None
    reasons: list[_Reason] = []


_decoder = msgspec.json.Decoder(_Answer)


def answer_in(body: bytes) -> Answer:
    """The answer that the JSON states. Raises NotUnderstood.

    Fields that nobody knows are passed over, so that the far side may grow.
    """
    try:
        said = _decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise NotUnderstood(str(error)) from None
    if said.status not in _SAID:
        raise NotUnderstood(f"the status {said.status!r} is unknown")
    verdict = Verdict(said.status)
    if verdict is Verdict.CLEARED and said.authority_id is None:
        raise NotUnderstood("what is cleared has an authority_id")
    return Answer(
        verdict=verdict,
        more=said.more,
        receipt=said.receipt,
        authority_id=said.authority_id,
        reasons=tuple(
            Reason(code=each.code[:100] if each.code else None, text=each.text[:1000])
            for each in said.reasons[: limits.TRANSMISSION_REASONS_MAX]
        ),
    )


def unreachable(code: str, text: str) -> Answer:
    """No answer; `text` says why, in our words."""
    return Answer(verdict=Verdict.UNREACHABLE, reasons=(Reason(code=code, text=text[:1000]),))

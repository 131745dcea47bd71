"""Strangers' PDFs, opened in processes that can be killed: whatever they hold, we go on."""

import structlog

from invx.contexts.invoicing.adapters.einvoice.errors import EInvoiceUnreadable
from invx.infra.processes import (
    Processes,
    ProcessLimits,
    WorkerLost,
    WorkFailed,
    WorkTimedOut,
    WorkTooLarge,
)
from invx.kernel import limits

log = structlog.get_logger(__name__)

# Measured: 50 MB for a process, 20 ms for an ordinary hybrid.
LIMITS = ProcessLimits(
    processes=2,
    seconds=10.0,
    waiting=32,
    jobs=500,
    rss_bytes_kept=300_000_000,
    rss_bytes_max=600_000_000,
)
_ANSWER = "invx.contexts.invoicing.adapters.einvoice.attached:answer"


class HybridOpening:
    """Holds the processes, which start with the first PDF."""

    def __init__(self, limits: ProcessLimits = LIMITS, work: str = _ANSWER) -> None:
        self._processes = Processes(work, "hybrid-opening", limits)

    async def xml_in(self, pdf: bytes) -> bytes:
        """The XML of a hybrid invoice, byte for byte, not yet looked at.

        It is no larger than a body may be, for its sender might have sent it as one. Raises
        EInvoiceUnreadable, also for a PDF over which the process takes too long, grows too large
        or dies; WorkersBusy and WorkersStopped, which are no fault of the PDF.
        """
        try:
            found = await self._processes.run(pdf)
        except (WorkTimedOut, WorkTooLarge, WorkerLost) as stopped:
            log.warning("a PDF was not opened", why=type(stopped).__name__, bytes=len(pdf))
            raise EInvoiceUnreadable("the PDF takes too much time or memory to open") from None
        except WorkFailed as failed:
            log.exception("a PDF was not opened", stack_there=failed.stack, bytes=len(pdf))
            raise EInvoiceUnreadable("it is not a PDF that can be read") from None
        if refused := found.get("refused"):
            raise EInvoiceUnreadable(refused)
        xml: bytes = found["xml"]
        if len(xml) > limits.BODY_BYTES_MAX:
            most = limits.BODY_BYTES_MAX
            raise EInvoiceUnreadable(f"the XML in the PDF is larger than {most} bytes")
        return xml

    @property
    def pids(self) -> list[int]:
        """The processes at work."""
        return self._processes.pids

    def close(self) -> None:
        """End all processes."""
        self._processes.close()

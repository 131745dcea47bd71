"""Validates e-invoices: finds what to check by; the checking is done in worker processes."""

from pathlib import Path
from typing import Any

from invx.contexts.invoicing.adapters.einvoice.validation import sheets
from invx.contexts.invoicing.adapters.einvoice.validation.explain import explain
from invx.contexts.invoicing.adapters.einvoice.validation.findings import Findings
from invx.infra.processes import Processes, ProcessLimits

# The engine is loaded there only.
CHECK = "invx.contexts.invoicing.adapters.einvoice.validation.check"

# Measured: 90 MB for a process with one syntax, 250 MB with all sheets, and it grows slowly.
LIMITS = ProcessLimits(
    processes=2,
    seconds=60.0,
    waiting=64,
    jobs=2_000,
    rss_bytes_kept=600_000_000,
    rss_bytes_max=2_000_000_000,
)


class Validator:
    """Holds the worker processes, which start with the first validation.

    `rules` is the folder of the operator's sheets; what is put there counts from the next
    validation on.
    """

    def __init__(self, rules: Path | None = None, limits: ProcessLimits = LIMITS) -> None:
        self._rules = rules
        self._processes = Processes(f"{CHECK}:check", "einvoice-rules", limits)

    async def validate(self, xml: bytes, format: str) -> Findings:
        """What the schema and then the rules of a format say.

        A file that is no XML, or of another syntax, is a finding and no error. Raises
        FormatUnknown; SheetsUnusable; and what `Processes.run` raises: WorkersBusy when too many
        wait, WorkTimedOut, WorkTooLarge, WorkerLost.
        """
        suite = sheets.suite(format, self._rules)
        reply = await self._processes.run(_question(xml, suite))
        if refused := reply.get("unusable"):
            raise sheets.SheetsUnusable(refused)
        items = tuple(explain(item) for item in reply["found"])
        return Findings(
            format,
            items,
            suite.versions,
            suite.missing,
            stopped=reply["stopped"],
            omitted=reply["omitted"],
        )

    def versions(self, format: str) -> dict[str, str]:
        """The sha256 of all that has a say about a format. Raises as `validate`."""
        return sheets.suite(format, self._rules).versions

    @property
    def pids(self) -> list[int]:
        """The processes at work."""
        return self._processes.pids

    def close(self) -> None:
        """End all processes."""
        self._processes.close()


def why_it_does_not_compile(sheet: Path) -> str | None:
    """What the engine has against a sheet; None when it can be used. Takes a second or two."""
    processes = Processes(f"{CHECK}:compile_sheet", "einvoice-rules", LIMITS)
    try:
        reason: str | None = processes.submit(str(sheet)).result()
    finally:
        processes.close()
    return reason


def _question(xml: bytes, suite: sheets.Suite) -> dict[str, Any]:
    schema = suite.schema
    return {
        "xml": xml,
        "schema": {
            "name": schema.name,
            "folder": str(schema.folder),
            "starts": dict(schema.starts),
            "sha256": schema.sha256,
        },
        "sheets": [
            {
                "name": sheet.name,
                "path": str(sheet.path),
                "sha256": sheet.sha256,
                "beside": [[str(path), sha256] for path, sha256 in sheet.beside],
            }
            for sheet in suite.sheets
        ],
    }

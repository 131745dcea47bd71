"""A rule sheet as an operator might install it: two rules of Peppol, compiled from Schematron."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from invx.contexts.invoicing.adapters.einvoice.validation import installed, sheets

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)

PEPPOL = """<?xml version="1.0" encoding="UTF-8"?>
<!-- Schematron version {version} -->
<xsl:stylesheet version="2.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
    xmlns:svrl="http://purl.oclc.org/dsdl/svrl"
    xmlns:ubl="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
    xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
    xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
  <xsl:template match="/">
    <svrl:schematron-output>
      <xsl:if test="not(ubl:Invoice/cbc:ProfileID)">
        <svrl:failed-assert id="PEPPOL-EN16931-R001" flag="fatal" location="/*:Invoice[1]">
          <svrl:text>[PEPPOL-EN16931-R001]-Business process MUST be provided.</svrl:text>
        </svrl:failed-assert>
      </xsl:if>
      <xsl:if test="not(ubl:Invoice/cbc:BuyerReference) and not(ubl:Invoice/cac:OrderReference)">
        <svrl:failed-assert id="PEPPOL-EN16931-R003" flag="{flag}" location="/*:Invoice[1]">
          <svrl:text>A buyer reference or purchase order reference MUST be provided.</svrl:text>
        </svrl:failed-assert>
      </xsl:if>
    </svrl:schematron-output>
  </xsl:template>
</xsl:stylesheet>
"""


def peppol(version: str = "3.0.18", flag: str = "fatal") -> str:
    return PEPPOL.replace("{version}", version).replace("{flag}", flag)


def install(
    rules: Path, text: str, *, sha256: str | None = None, reason: str | None = None
) -> installed.Installed:
    """Install a sheet of this text; the engine has `reason` against it."""
    file = rules.parent / "PEPPOL-EN16931-UBL.xslt"
    file.write_text(text)
    return installed.install(
        rules,
        file,
        sha256=sha256 or hashlib.sha256(text.encode()).hexdigest(),
        names=sheets.NAMES,
        now=NOW,
        why_not=lambda _: reason,
    )

"""What the official rules say of an e-invoice."""

from pydantic import Field

from invx.contexts.invoicing.api.schemas import words
from invx.contexts.invoicing.api.schemas.values import Out


class FindingOut(Out):
    """An official rule that the document breaks."""

    rule: str = Field(description="Its official id; `xsd` for the schema.", examples=["BR-DE-15"])
    severity: words.Severity
    text: str = Field(description="The official words.")
    terms: list[str] = Field(description="BT and BG numbers of EN 16931.", examples=[["BT-10"]])
    location: str = Field(description="Where in the XML, as XPath.")
    field: str | None = Field(
        description="JSON Pointer into the resource: what to change.", examples=["/buyer_reference"]
    )
    resource: words.FindingResource
    words: str = Field(description="Plain English.")
    line: str | None = Field(description="The id of the line at fault.")
    source: str = Field(description="The rule sheet or schema.")


class RulingOut(Out):
    """What schema and rules of a format say about an e-invoice."""

    format: words.EInvoiceFormat
    valid: bool = Field(description="No fatal finding, as far as the rules ran.")
    complete: bool = Field(description="Whether all rules of the format ran.")
    missing: list[str] = Field(description="Rule sheets that are not installed.")
    omitted: int = Field(description="Findings beyond those that are shown.")
    versions: dict[str, str] = Field(description="The SHA-256 of all that had a say, by name.")
    findings: list[FindingOut]

"""Files of exchange rates as they are published; the figures are made up, their shape is real."""

ECB = """<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"
    xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
  <gesmes:subject>Reference rates</gesmes:subject>
  <gesmes:Sender><gesmes:name>European Central Bank</gesmes:name></gesmes:Sender>
  <Cube>{days}</Cube>
</gesmes:Envelope>"""


def ecb(**days: dict[str, str]) -> str:
    """A file of the ECB; `d2026_11_27={"USD": "1.0865"}`."""
    found = []
    for name, rates in days.items():
        inner = "".join(f"<Cube currency='{c}' rate='{rate}'/>" for c, rate in rates.items())
        found.append(f"<Cube time='{name[1:].replace('_', '-')}'>{inner}</Cube>")
    return ECB.format(days="".join(found))


def bmf(*rows: str, months: str = "Oktober 2026;November 2026") -> str:
    """The table of the ministry: `bmf("USA;USD;1,0812;1,0874")`."""
    return "\n".join([f"Land;Währung;{months}", *rows]) + "\n"

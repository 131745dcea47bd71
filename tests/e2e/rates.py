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


_YEAR = (
    "Januar[1];Februar [2];März [3];April;Mai;Juni;Juli;August;September;Oktober;November;Dezember"
)


def ministry(*rows: str, year: int = 2026) -> bytes:
    """The table as the ministry has it: `ministry("USA;1 Euro;1,0812 USD")`, the rest is empty."""
    title = f"Monatlich fortgeschriebene Übersicht der Umsatzsteuer-Umrechnungskurse {year}"
    lines = [title + ";" * 13, ";" * 13, f"Land;Währung;{_YEAR};November;Dezember"]
    lines += [row + ";" * (13 - row.count(";")) for row in rows]
    return "\r\n".join([*lines, "[1] Keine Kurse seit dem 2. März 2022" + ";" * 13, ""]).encode(
        "cp1252"
    )

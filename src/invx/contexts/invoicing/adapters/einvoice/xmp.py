"""What a hybrid invoice says of itself in its XMP metadata (Factur-X 1.0, section 6).

PDF/A allows no property that it does not know, unless the same packet describes it in an extension
schema (ISO 19005-3, 6.6.2.3.3): so both are written.
"""

from collections.abc import Mapping

from lxml import etree

from invx.kernel.errors import violated

FACTUR_X = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
PREFIX = "fx"

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_EXTENSION = "http://www.aiim.org/pdfa/ns/extension/"
_SCHEMA = "http://www.aiim.org/pdfa/ns/schema#"
_PROPERTY = "http://www.aiim.org/pdfa/ns/property#"

_MEANING = {
    "DocumentType": "The type of the hybrid document in capital letters",
    "DocumentFileName": "The name of the embedded XML document",
    "Version": "The version of the standard applying to the embedded XML document",
    "ConformanceLevel": "The conformance level of the embedded XML document",
}


def declared(packet: bytes, properties: Mapping[str, str]) -> bytes:
    """The packet with the Factur-X properties, and with the schema that PDF/A wants for them."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    tree = etree.ElementTree(etree.fromstring(packet, parser))
    rdf = tree.find(f".//{{{_RDF}}}RDF")
    schemas = tree.find(f".//{{{_EXTENSION}}}schemas/{{{_RDF}}}Bag")
    if rdf is None or schemas is None:
        violated("the metadata of typst lack the list of extension schemas")
    said = etree.SubElement(rdf, f"{{{_RDF}}}Description", nsmap={PREFIX: FACTUR_X})
    said.set(f"{{{_RDF}}}about", "")
    for name, value in properties.items():
        etree.SubElement(said, f"{{{FACTUR_X}}}{name}").text = value
    _describe(_resource(schemas), properties)
    made: bytes = etree.tostring(tree, encoding="utf-8", xml_declaration=False)
    return made


def _describe(schema: etree._Element, properties: Mapping[str, str]) -> None:
    etree.SubElement(schema, f"{{{_SCHEMA}}}schema").text = "Factur-X PDFA Extension Schema"
    etree.SubElement(schema, f"{{{_SCHEMA}}}namespaceURI").text = FACTUR_X
    etree.SubElement(schema, f"{{{_SCHEMA}}}prefix").text = PREFIX
    described = etree.SubElement(
        etree.SubElement(schema, f"{{{_SCHEMA}}}property"), f"{{{_RDF}}}Seq"
    )
    for name in properties:
        one = _resource(described)
        etree.SubElement(one, f"{{{_PROPERTY}}}name").text = name
        etree.SubElement(one, f"{{{_PROPERTY}}}valueType").text = "Text"
        etree.SubElement(one, f"{{{_PROPERTY}}}category").text = "external"
        etree.SubElement(one, f"{{{_PROPERTY}}}description").text = _MEANING[name]


def _resource(parent: etree._Element) -> etree._Element:
    entry = etree.SubElement(parent, f"{{{_RDF}}}li")
    entry.set(f"{{{_RDF}}}parseType", "Resource")
    return entry

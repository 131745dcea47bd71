"""Hybrids as facts: asked for like PDFs, drawn in the same bounded pool."""

import hashlib

import msgspec
import pytest

from invx.contexts.invoicing.adapters.einvoice.hybrid import Profile, hybrid_pdf, xml_in
from invx.contexts.invoicing.adapters.pdf import TypstRenderer
from invx.contexts.invoicing.adapters.rendering import PORT, PdfRendering, RenderingPool
from invx.contexts.invoicing.read.resource import issued_resource
from tests.unit.invoicing.domain.drafts import content, drafted, finalize, line
from tests.unit.invoicing.einvoice.hybrid.files import invented

RENDERING = PdfRendering(issued_resource)
XML = invented()


@pytest.fixture(scope="module")
def issued():
    return finalize(drafted(content(line("1", "100"))))


@pytest.fixture
def pool():
    made = RenderingPool(TypstRenderer(), 2)
    yield made
    made.close()


def test_the_fact_is_about_the_document_its_xml_and_the_profile(issued):
    fact = RENDERING.hybrid(issued, XML, "en16931")
    assert (fact.port, fact.key) == (PORT, str(issued.id))
    others = [
        RENDERING.pdf(issued),
        RENDERING.hybrid(issued, XML.replace(b"R-1", b"R-2"), "en16931"),
        RENDERING.hybrid(issued, XML, "extended"),
    ]
    assert fact.fingerprint not in {each.fingerprint for each in others}
    assert fact.fingerprint == RENDERING.hybrid(issued, XML, Profile.EN16931).fingerprint


def test_a_question_can_be_asked_of_another_process(issued):
    question = RENDERING.hybrid(issued, XML, "xrechnung").question
    _, mark, xml, profile = msgspec.json.decode(msgspec.json.encode(question))
    assert (mark, xml.encode(), Profile(profile)) == (None, XML, Profile.XRECHNUNG)


def test_a_profile_that_nobody_knows_is_our_defect(issued):
    with pytest.raises(ValueError, match="comfort"):
        RENDERING.hybrid(issued, XML, "comfort")


async def test_the_pool_draws_plain_and_hybrid_ones_each_as_asked(pool, issued):
    facts = [RENDERING.pdf(issued), RENDERING.hybrid(issued, XML, "en16931")]
    plain, hybrid = await pool.obtain(facts)
    renderer, resource = TypstRenderer(), issued_resource(issued)
    assert plain.value == renderer.render(resource, mark=None)
    assert hybrid.value == hybrid_pdf(renderer, resource, None, XML, Profile.EN16931)
    assert xml_in(hybrid.value) == XML
    assert hybrid.evidence == {"sha256": hashlib.sha256(hybrid.value).hexdigest()}

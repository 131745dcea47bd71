"""Whatever sound invoice: it is read as it was written, and valid by schema and official rules."""

from hypothesis import HealthCheck, given, settings

from invx.contexts.invoicing.adapters.einvoice.cii_read import read, unread
from invx.contexts.invoicing.adapters.einvoice.cii_write import write
from invx.contexts.invoicing.adapters.einvoice.model import EInvoice
from tests.unit.invoicing.einvoice.cii.official import broken_rules, faults
from tests.unit.invoicing.einvoice.cii.strategies import invoices

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(invoices())
def test_any_invoice_is_read_as_it_was_written(invoice: EInvoice) -> None:
    xml = write(invoice)

    assert read(xml) == invoice
    assert unread(xml) == []
    assert faults(xml) == []


@settings(max_examples=30, deadline=None, suppress_health_check=SLOW)
@given(invoices())
def test_any_sound_invoice_keeps_the_official_rules(invoice: EInvoice) -> None:
    assert broken_rules(write(invoice)) == set()

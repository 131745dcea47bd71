"""A tenant with a hundred thousand rows in each ledger, made by SQL, without their documents."""

from invx.kernel.ids import parse_typeid
from tests.world import Desk

# A row of each ledger for each document, a hundred a day. Most have the usual values; one in a
# thousand has others, so that a filter finds few among many.
_FILL = """
WITH documents AS (
    SELECT g, ('01900000-0000-7000-8000-' || lpad(to_hex($4::bigint + g), 12, '0'))::uuid AS id,
        ('01910000-0000-7000-8000-' || lpad(to_hex($4::bigint + g), 12, '0'))::uuid AS own,
        date '2024-01-15' + (g / 100) AS day, g % 1000 = 7 AS rare
    FROM generate_series(1, $3::int) g
), booked AS (
    INSERT INTO invoicing.bookings (tenant_id, booking_id, legal_entity_id, document_id, sequence,
        kind, settlement_entry, booked_on, period, debit, credit, amount, currency, booked_amount,
        book_currency, pending, receivable, tax_due, automatic, cost_center, cost_object,
        document_number, recorded_at)
    SELECT $1, own, $2, id, 1, CASE WHEN rare THEN 'exchange' WHEN g % 2 = 0 THEN 'payment'
            ELSE 'revenue' END,
        CASE WHEN g % 2 = 0 THEN own END, day, to_char(day, 'YYYY-MM'),
        CASE WHEN rare THEN '1600' ELSE 'debtor' END, CASE WHEN rare THEN '2660' ELSE '8400' END,
        g, CASE WHEN rare THEN 'USD' ELSE 'EUR' END, CASE WHEN g % 500 > 0 THEN g END, 'EUR',
        g % 500 = 0, CASE WHEN rare THEN 0 ELSE g END, 0, false, 'CC-' || (g % 1000),
        CASE WHEN g % 10 = 0 THEN 'CO-' || (g % 1000) END, '2026-' || g, now()
    FROM documents RETURNING 1
), taxed AS (
    INSERT INTO invoicing.tax_entries (tenant_id, document_id, sequence, tax_entry_id,
        legal_entity_id, cause, tax_point, period, country, registration_id, basis, scheme, regime,
        jurisdiction, category, rate, currency, base, tax, tax_currency, exchange_rate,
        accounted_base, accounted_tax, provisional, recorded_at, supply, origin_period)
    SELECT $1, id, 1, own, $2, CASE WHEN rare THEN 'written_off' ELSE 'issued' END, day,
        to_char(day, 'YYYY-MM'), CASE WHEN rare THEN 'LU' ELSE 'DE' END,
        CASE WHEN g % 1000 <> 8 THEN ('01920000-0000-7000-8000-'
            || CASE WHEN rare THEN '000000000002' ELSE '000000000001' END)::uuid END,
        'accrual', CASE WHEN rare THEN 'oss_union' END, CASE WHEN rare THEN 'sales' ELSE 'vat' END,
        CASE WHEN rare THEN 'TX' ELSE 'DE' END, CASE WHEN rare THEN 'K' ELSE 'S' END,
        CASE WHEN rare THEN 17 ELSE 19 END, CASE WHEN rare THEN 'USD' ELSE 'EUR' END, g, g,
        CASE WHEN rare THEN 'PLN' END, CASE WHEN rare THEN 4 END, CASE WHEN rare THEN g * 4 END,
        CASE WHEN rare THEN g * 4 END, g % 1000 = 9, now(),
        CASE WHEN rare THEN 'triangular' WHEN g % 2 = 0 THEN 'goods' ELSE 'services' END,
        to_char(day, 'YYYY-MM')
    FROM documents RETURNING 1
), partners AS (
    INSERT INTO invoicing.tax_partners (tenant_id, document_id, vat_id)
    SELECT $1, id, 'ATU' || (10000000 + g % 1000) FROM documents RETURNING 1
)
INSERT INTO invoicing.engine_entries (tenant_id, engine_entry_id, version, document_id,
    legal_entity_id, kind, engine, quote, status, attempts, reference, owed_at)
SELECT $1, own, 1, id, $2, 'sale', 'engine', 'q-' || g,
    CASE WHEN rare THEN 'failed' ELSE 'committed' END, 1, CASE WHEN NOT rare THEN 'r-' || g END,
    timestamptz '2024-01-01Z' + g * interval '10 minutes'
FROM documents
"""


async def fill_ledgers(desk: Desk, count: int, *, first: int = 0) -> None:
    """A row of each ledger for so many documents of the desk's tenant."""
    async with desk.world.admin() as conn:
        await conn.execute("SET session_replication_role = replica")  # no triggers: these add up
        entity = parse_typeid("le", desk.entity)
        await conn.execute(_FILL, desk.tenant_id, entity, count, first)
        await conn.execute("ANALYZE")

"""What holds in every database at rest: each query finds what breaks it, over all tenants."""

INVARIANTS = {
    "numbers of a series and period without a gap": """
        SELECT n.tenant_id, n.series_id, n.period, n.number FROM invoicing.numbers n
        WHERE n.number > 1 AND NOT EXISTS (SELECT FROM invoicing.numbers b
            WHERE b.tenant_id = n.tenant_id AND b.series_id = n.series_id
            AND b.period = n.period AND b.number = n.number - 1)
        AND NOT EXISTS (SELECT FROM invoicing.skipped_numbers s
            WHERE s.tenant_id = n.tenant_id AND s.series_id = n.series_id
            AND s.period = n.period AND n.number - 1 BETWEEN s.first_skipped AND s.next - 1)""",
    "a number is given once": """
        SELECT tenant_id, legal_entity_id, number FROM invoicing.documents
        WHERE number IS NOT NULL GROUP BY 1, 2, 3, series_id HAVING count(*) > 1""",
    "dates never decrease in a series and period": """
        SELECT * FROM (SELECT tenant_id, series_id, number, on_date, lag(on_date) OVER
            (PARTITION BY tenant_id, series_id, period ORDER BY number) AS before
            FROM invoicing.numbers) AS n WHERE before > on_date""",
    "each document that is no draft has its number, and no other": """
        SELECT d.tenant_id, d.document_id, d.status, d.number, n.text FROM invoicing.documents d
        FULL JOIN invoicing.numbers n
            ON n.tenant_id = d.tenant_id AND n.document_id = d.document_id
        WHERE d.number IS DISTINCT FROM n.text OR d.issue_date IS DISTINCT FROM coalesce(
            n.on_date, d.issue_date)""",
    "a balance is the sum of its entries": """
        SELECT s.tenant_id, s.document_id, s.settled, e.total FROM invoicing.settlements s
        CROSS JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS total
            FROM invoicing.settlement_entries e
            WHERE e.tenant_id = s.tenant_id AND e.document_id = s.document_id) AS e
        WHERE s.status <> 'void' AND (s.settled <> e.total OR s.open <> greatest(
            s.total - e.total, 0) OR s.surplus <> greatest(e.total - s.total, 0))""",
    "nothing is open below zero": """
        SELECT tenant_id, document_id FROM invoicing.settlements WHERE open < 0 OR surplus < 0""",
    "credits are never more than was invoiced": """
        SELECT d.tenant_id, d.document_id, d.gross, sum(c.gross) FROM invoicing.documents d
        JOIN invoicing.documents c ON c.tenant_id = d.tenant_id AND c.credits = d.document_id
        WHERE c.status IN ('finalized', 'replaced') AND NOT c.voided
        GROUP BY 1, 2, 3 HAVING sum(abs(c.gross)) > abs(d.gross)""",
    "what was issued is in the tax ledger once": """
        SELECT d.tenant_id, d.document_id, d.tax, t.tax FROM invoicing.documents d
        JOIN (SELECT tenant_id, document_id, sum(tax) AS tax FROM invoicing.tax_entries
            WHERE cause = 'issued' GROUP BY 1, 2) AS t USING (tenant_id, document_id)
        WHERE abs(d.tax) <> abs(t.tax)""",
    "what was issued on accrual is in the tax ledger": """
        SELECT d.tenant_id, d.document_id FROM invoicing.documents d
        WHERE d.type <> 'proforma' AND d.number IS NOT NULL AND d.tax <> 0 AND NOT EXISTS (
            SELECT FROM invoicing.tax_entries t
            WHERE t.tenant_id = d.tenant_id AND t.document_id = d.document_id)""",
    "of a voided document no tax is left": """
        SELECT d.tenant_id, d.document_id, sum(t.base), sum(t.tax) FROM invoicing.documents d
        JOIN invoicing.tax_entries t USING (tenant_id, document_id)
        WHERE d.voided GROUP BY 1, 2 HAVING sum(t.tax) <> 0 OR sum(t.base) <> 0""",
    "the journal is the settlement": """
        SELECT s.tenant_id, s.document_id, s.open - s.surplus, b.owed, s.booked_tax, b.taxes
        FROM invoicing.settlements s CROSS JOIN LATERAL (
            SELECT coalesce(sum(receivable), 0) AS owed, coalesce(sum(tax_due), 0) AS taxes
            FROM invoicing.bookings b
            WHERE b.tenant_id = s.tenant_id AND b.document_id = s.document_id) AS b
        WHERE s.booked AND s.status <> 'void'
        AND (b.owed <> s.open - s.surplus OR b.taxes <> s.booked_tax)""",
    "a destination has a booking once": """
        SELECT tenant_id, destination, booking_id FROM invoicing.exported_bookings
        WHERE NOT released GROUP BY 1, 2, 3 HAVING count(*) > 1""",
    "each document is in the register, and each that was voided again": """
        SELECT d.tenant_id, d.document_id, d.voided, count(r.*) FROM invoicing.documents d
        JOIN invoicing.series s ON s.tenant_id = d.tenant_id AND s.series_id = d.series_id
        LEFT JOIN invoicing.register r
            ON r.tenant_id = d.tenant_id AND r.document_id = d.document_id
        WHERE s.legal AND d.number IS NOT NULL GROUP BY 1, 2, 3
        HAVING count(r.*) <> CASE WHEN d.voided THEN 2 ELSE 1 END""",
    "every contract left": """
        SELECT tenant_id, message_id FROM invoicing.outbox WHERE published_at IS NULL""",
    "every contract was done": """
        SELECT tenant_id, message_id, state, reason FROM analytics.inbox WHERE state <> 'done'""",
    "no job is parked": """
        SELECT tenant_id, kind, key, reason FROM invoicing.due_jobs WHERE state = 'parked'""",
    "no operation is under way": """
        SELECT tenant_id, operation_id, state FROM invoicing.operations
        WHERE state IN ('pending', 'running')""",
    "analytics counts each document once": """
        SELECT d.tenant_id, d.document_id, d.net, a.net FROM (
            SELECT * FROM invoicing.documents WHERE number IS NOT NULL) AS d
        FULL JOIN analytics.documents a USING (tenant_id, document_id)
        WHERE abs(d.net) IS DISTINCT FROM abs(a.net) OR d.voided IS DISTINCT FROM a.voided""",
    "no event belongs to two": """
        SELECT event_id FROM invoicing.events GROUP BY event_id HAVING count(*) > 1""",
}

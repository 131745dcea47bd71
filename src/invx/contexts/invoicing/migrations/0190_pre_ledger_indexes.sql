-- What the lists of the ledgers are asked for and had no index to answer with: bookings of a
-- movement, a month, a currency, a cost centre or cost object; tax entries of a month over all legal
-- entities, and those in a currency that is not the document's. Indexes of columns that most rows
-- leave empty hold only the others.

CREATE INDEX bookings_entry ON {schema}.bookings
    (tenant_id, settlement_entry, booked_on, document_id, sequence)
    WHERE settlement_entry IS NOT NULL;
CREATE INDEX bookings_period ON {schema}.bookings
    (tenant_id, period, booked_on, document_id, sequence);
CREATE INDEX bookings_currency ON {schema}.bookings
    (tenant_id, currency, booked_on, document_id, sequence);
CREATE INDEX bookings_cost_center ON {schema}.bookings
    (tenant_id, cost_center, booked_on, document_id, sequence) WHERE cost_center IS NOT NULL;
CREATE INDEX bookings_cost_object ON {schema}.bookings
    (tenant_id, cost_object, booked_on, document_id, sequence) WHERE cost_object IS NOT NULL;

CREATE INDEX tax_entries_month ON {schema}.tax_entries
    (tenant_id, period, tax_point, document_id, sequence);
CREATE INDEX tax_entries_tax_currency ON {schema}.tax_entries
    (tenant_id, tax_currency, tax_point, document_id, sequence) WHERE tax_currency IS NOT NULL;

-- What moved after a day: from it and from what is open now follows what was open on that day.
CREATE INDEX settlement_entries_day ON {schema}.settlement_entries
    (tenant_id, on_date, document_id);

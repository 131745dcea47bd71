-- Exchange rates as sources publish them: units of `quote` for one of `base`, from `first_day` on.
-- A daily rate holds until the next one, a monthly one until `last_day`.

CREATE TABLE {schema}.exchange_rates (
    tenant_id uuid NOT NULL,
    source text NOT NULL COLLATE "C",
    base text NOT NULL COLLATE "C",
    quote text NOT NULL COLLATE "C",
    first_day date NOT NULL,
    last_day date,
    kind text NOT NULL COLLATE "C" CHECK (kind IN ('daily', 'monthly')),
    rate numeric NOT NULL CHECK (rate > 0),
    corrected boolean NOT NULL,
    rate_sheet_id uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, source, base, quote, first_day),
    FOREIGN KEY (tenant_id, rate_sheet_id) REFERENCES {schema}.streams,
    CONSTRAINT a_month_has_an_end CHECK ((kind = 'monthly') = (last_day IS NOT NULL))
);
CREATE INDEX exchange_rates_day ON {schema}.exchange_rates
    (tenant_id, first_day, source, base, quote);
CREATE INDEX exchange_rates_source ON {schema}.exchange_rates
    (tenant_id, source, first_day, base, quote);
CREATE INDEX exchange_rates_quote ON {schema}.exchange_rates
    (tenant_id, quote, first_day, source, base);

ALTER TABLE {schema}.exchange_rates ENABLE ROW LEVEL SECURITY;
ALTER TABLE {schema}.exchange_rates FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {schema}.exchange_rates TO {schema}_app
    USING (tenant_id = {schema}.current_tenant())
    WITH CHECK (tenant_id = {schema}.current_tenant());
GRANT SELECT, INSERT, UPDATE ON {schema}.exchange_rates TO {schema}_app;

-- What the entries of a settlement are in the currency of the books, where that is another one. No
-- row before the rate is known.
CREATE TABLE {schema}.settlement_bookings (
    tenant_id uuid NOT NULL,
    document_id uuid NOT NULL,
    entry_id uuid NOT NULL,
    book_currency text NOT NULL COLLATE "C",
    booked_amount numeric NOT NULL,
    carried_amount numeric,
    exchange_difference numeric,
    exchange_rate numeric,
    rate_source text COLLATE "C",
    rate_day date,
    PRIMARY KEY (tenant_id, document_id, entry_id),
    FOREIGN KEY (tenant_id, document_id) REFERENCES {schema}.settlements,
    CONSTRAINT the_difference_is_booked_less_carried CHECK (
        exchange_difference = booked_amount - carried_amount
        AND (exchange_difference IS NULL) = (carried_amount IS NULL))
);

ALTER TABLE {schema}.settlement_bookings ENABLE ROW LEVEL SECURITY;
ALTER TABLE {schema}.settlement_bookings FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {schema}.settlement_bookings TO {schema}_app
    USING (tenant_id = {schema}.current_tenant())
    WITH CHECK (tenant_id = {schema}.current_tenant());
GRANT SELECT, INSERT, UPDATE ON {schema}.settlement_bookings TO {schema}_app;

ALTER TABLE {schema}.settlements
    ADD COLUMN book_currency text COLLATE "C",
    ADD COLUMN book_total numeric,
    ADD COLUMN book_rate numeric,
    ADD COLUMN book_rate_source text COLLATE "C",
    ADD COLUMN book_rate_day date,
    ADD COLUMN exchange_difference numeric,
    ADD COLUMN awaits_rates boolean NOT NULL DEFAULT false;
ALTER TABLE {schema}.tax_entries ADD COLUMN rate_day date;

-- The documents that a newly published rate may concern. Documents of before this migration have
-- only their tax entries to tell.
CREATE INDEX settlements_awaiting_rates ON {schema}.settlements (tenant_id, document_id)
    WHERE awaits_rates;
CREATE INDEX tax_entries_provisional ON {schema}.tax_entries (tenant_id, document_id)
    WHERE provisional;

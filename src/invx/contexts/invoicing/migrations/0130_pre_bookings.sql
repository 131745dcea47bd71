-- The journal: what accounting is told of documents and settlements. Append-only; only a booking that
-- waits for a rate of exchange gets its amount in the book currency later, once.

CREATE TABLE {schema}.bookings (
    tenant_id uuid NOT NULL,
    booking_id uuid NOT NULL,
    legal_entity_id uuid NOT NULL,
    document_id uuid NOT NULL,
    sequence bigint NOT NULL,
    kind text NOT NULL COLLATE "C" CHECK (kind IN ('revenue', 'payment', 'refund', 'discount',
        'write_off', 'withholding', 'exchange', 'allocation')),
    settlement_entry uuid,
    reverses uuid,
    booked_on date NOT NULL,
    period text NOT NULL COLLATE "C",
    debit text NOT NULL COLLATE "C",
    credit text NOT NULL COLLATE "C",
    amount numeric NOT NULL,
    currency text NOT NULL COLLATE "C",
    booked_amount numeric,
    book_currency text NOT NULL COLLATE "C",
    exchange_rate numeric,
    pending boolean NOT NULL,
    receivable numeric NOT NULL,
    tax numeric,
    tax_due numeric NOT NULL,
    tax_key text COLLATE "C",
    automatic boolean NOT NULL,
    tax_category text COLLATE "C",
    tax_rate numeric,
    country text COLLATE "C",
    scheme text COLLATE "C",
    cost_center text COLLATE "C",
    cost_object text COLLATE "C",
    document_number text NOT NULL COLLATE "C",
    service_date date,
    due_date date,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, booking_id),
    UNIQUE (tenant_id, document_id, sequence),
    FOREIGN KEY (tenant_id, document_id) REFERENCES {schema}.settlements,
    CONSTRAINT an_amount_is_never_negative CHECK (amount >= 0 AND booked_amount >= 0),
    CONSTRAINT pending_is_without_a_rate CHECK (pending = (booked_amount IS NULL)),
    CONSTRAINT the_buyers_side_moves_the_receivable CHECK (abs(receivable) IN (0, amount)
        AND (receivable <> 0) = ((debit = 'debtor' OR credit = 'debtor') AND amount <> 0))
);
CREATE INDEX bookings_day ON {schema}.bookings (tenant_id, booked_on, document_id, sequence);
CREATE INDEX bookings_entity ON {schema}.bookings
    (tenant_id, legal_entity_id, booked_on, document_id, sequence);
CREATE INDEX bookings_debit ON {schema}.bookings
    (tenant_id, legal_entity_id, debit, booked_on, document_id, sequence);
CREATE INDEX bookings_credit ON {schema}.bookings
    (tenant_id, legal_entity_id, credit, booked_on, document_id, sequence);
CREATE INDEX bookings_pending ON {schema}.bookings (tenant_id, booked_on, document_id, sequence)
    WHERE pending;

ALTER TABLE {schema}.bookings ENABLE ROW LEVEL SECURITY;
ALTER TABLE {schema}.bookings FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {schema}.bookings TO {schema}_app
    USING (tenant_id = {schema}.current_tenant())
    WITH CHECK (tenant_id = {schema}.current_tenant());
GRANT SELECT, INSERT, UPDATE ON {schema}.bookings TO {schema}_app;

-- A booking that was made again is the same; what is told to accounting never changes.
CREATE FUNCTION {schema}.keep_booking() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    OLD.recorded_at := NEW.recorded_at;
    IF OLD.pending THEN
        OLD.pending := NEW.pending;
        OLD.booked_amount := NEW.booked_amount;
        OLD.exchange_rate := NEW.exchange_rate;
    END IF;
    IF OLD IS DISTINCT FROM NEW THEN
        RAISE EXCEPTION 'booking % is not what it was', OLD.booking_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'bookings_never_change';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER bookings_never_change AFTER UPDATE ON {schema}.bookings
    FOR EACH ROW EXECUTE FUNCTION {schema}.keep_booking();

-- Whether the document has a journal, and the tax that the journal must hold of it: all of the
-- document's but what was given up.
ALTER TABLE {schema}.settlements
    ADD COLUMN booked boolean NOT NULL DEFAULT false,
    ADD COLUMN booked_tax numeric NOT NULL DEFAULT 0;

-- The buyer's side of the journal is the settlement's balance, its tax what the settlement says.
CREATE FUNCTION {schema}.check_journal() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE owed numeric; taxes numeric;
BEGIN
    SELECT coalesce(sum(receivable), 0), coalesce(sum(tax_due), 0) INTO owed, taxes
        FROM {schema}.bookings
        WHERE tenant_id = NEW.tenant_id AND document_id = NEW.document_id;
    IF owed <> NEW.open - NEW.surplus OR taxes <> NEW.booked_tax THEN
        RAISE EXCEPTION 'the journal holds % and tax %, the settlement says % and %',
            owed, taxes, NEW.open - NEW.surplus, NEW.booked_tax
            USING ERRCODE = 'check_violation', CONSTRAINT = 'the_journal_is_the_settlement';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER the_journal_is_the_settlement
    AFTER INSERT OR UPDATE ON {schema}.settlements
    FOR EACH ROW WHEN (NEW.booked) EXECUTE FUNCTION {schema}.check_journal();

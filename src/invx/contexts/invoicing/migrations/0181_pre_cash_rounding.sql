-- Cash is rounded when it is paid: an entry and a booking of their own.

ALTER TABLE {schema}.settlements ADD COLUMN rounded numeric NOT NULL DEFAULT 0;
ALTER TABLE {schema}.settlement_entries
    DROP CONSTRAINT settlement_entries_kind_check,
    ADD CONSTRAINT settlement_entries_kind_check CHECK (kind IN ('payment', 'credit', 'write_off',
        'withholding', 'discount', 'refund', 'rounding'));
ALTER TABLE {schema}.bookings
    DROP CONSTRAINT bookings_kind_check,
    ADD CONSTRAINT bookings_kind_check CHECK (kind IN ('revenue', 'payment', 'refund', 'discount',
        'write_off', 'withholding', 'exchange', 'allocation', 'rounding', 'recognition'));

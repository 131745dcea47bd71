-- What is overdue, in the order of making. The newest documents are not due yet and the oldest are
-- paid, so a walk along the documents passed both; this one passes what is open and not due yet.
-- Its condition differs from that of `settlements_overdue`, which says the same in other words, so
-- that a query can name the one that it needs.
-- The index by open amounts served nothing that is asked for: writes pay for one as before.
CREATE INDEX settlements_owed ON {schema}.settlements (tenant_id, document_id, overdue_from)
    WHERE open_units > 0;
DROP INDEX {schema}.settlements_open;

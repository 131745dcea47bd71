-- What the law goes by for a document (seller's country, `+oss` where a one-stop shop is on it), and
-- whether it was purged: then only its number, dates and figures are left.
ALTER TABLE {schema}.documents
    ADD COLUMN retention text COLLATE "C",
    ADD COLUMN purged boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT a_purged_document_has_no_retention CHECK (NOT purged OR retention IS NULL);

-- Row-level security is forced on the owner too.
ALTER TABLE {schema}.documents NO FORCE ROW LEVEL SECURITY;
ALTER TABLE {schema}.document_contents NO FORCE ROW LEVEL SECURITY;
UPDATE {schema}.documents d
SET retention = coalesce(c.resource #>> '{seller,address,country}', '-')
    || CASE WHEN (c.resource #> '{determination,lines}')::text ~ '"scheme": ?"i?oss"'
        THEN '+oss' ELSE '' END
FROM {schema}.document_contents c
WHERE c.tenant_id = d.tenant_id AND c.document_id = d.document_id AND d.number IS NOT NULL;
ALTER TABLE {schema}.document_contents FORCE ROW LEVEL SECURITY;
ALTER TABLE {schema}.documents FORCE ROW LEVEL SECURITY;

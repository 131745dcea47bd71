-- What returns tell entries of the tax ledger apart by. `treatment` puts it into one word, so that a
-- figure of a return can name exactly its entries; commas stand between treatments in an address.
-- Entries of before have no period of origin.
ALTER TABLE {schema}.tax_entries
    ADD COLUMN derived boolean NOT NULL DEFAULT false,
    ADD COLUMN supply text COLLATE "C"
        CHECK (supply IN ('goods', 'services', 'located', 'triangular')),
    ADD COLUMN partner text COLLATE "C",
    ADD COLUMN origin_period text COLLATE "C",
    ADD COLUMN treatment text COLLATE "C" NOT NULL GENERATED ALWAYS AS (
        replace(regime || '/' || coalesce(scheme, '-') || '/' || coalesce(supply, '-') || '/'
            || category || '/' || trim_scale(rate)::text || '/' || coalesce(jurisdiction, '-'),
            ',', '%2C')) STORED;

-- To whom a document was issued that the EC sales list reports. The ledger itself holds no id: it
-- may be a person's. The row goes with the document's personal values: then the id is null.
CREATE TABLE {schema}.tax_partners (
    tenant_id uuid NOT NULL,
    document_id uuid NOT NULL,
    vat_id text COLLATE "C",
    PRIMARY KEY (tenant_id, document_id),
    FOREIGN KEY (tenant_id, document_id) REFERENCES {schema}.documents
);
CREATE INDEX tax_partners_vat_id ON {schema}.tax_partners (tenant_id, vat_id, document_id);

ALTER TABLE {schema}.tax_partners ENABLE ROW LEVEL SECURITY;
ALTER TABLE {schema}.tax_partners FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {schema}.tax_partners TO {schema}_app
    USING (tenant_id = {schema}.current_tenant())
    WITH CHECK (tenant_id = {schema}.current_tenant());
GRANT SELECT, INSERT, UPDATE ON {schema}.tax_partners TO {schema}_app;

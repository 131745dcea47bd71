-- What was first issued as an e-invoice is kept beside the PDF, one file for each format.
ALTER TABLE {schema}.archives
    DROP CONSTRAINT archives_kind_check,
    ADD CONSTRAINT archives_kind_check
        CHECK (kind ~ '^(pdf|(xml|hybrid):[a-z0-9_]{1,40})$');

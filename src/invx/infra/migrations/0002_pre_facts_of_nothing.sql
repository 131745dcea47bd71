-- A fact may be that there is nothing ("no such VAT id"): its value is then null.
ALTER TABLE {schema}.facts ALTER COLUMN value DROP NOT NULL;

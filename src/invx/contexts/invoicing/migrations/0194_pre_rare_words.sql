-- Searching for what few documents have. The planner takes any metadata for those of one document in
-- a hundred (as under 0189, it may not look), found that too many to look up, and read all documents
-- of a tenant. Now the index of words or metadata is all that it may use for what is rare; and where
-- both are searched for, of the two that which is rare: a word that all documents have was looked up
-- beside a deal that fifty have (docs/measurements/growth.md).

ALTER FUNCTION {schema}.search_common_documents(text, jsonb, uuid, integer)
    SET enable_indexscan = on;
ALTER FUNCTION {schema}.is_common_in_documents(text, jsonb, uuid) SET enable_indexscan = on;

-- The part of a pattern from its first rare word to its last: the index need not read the parts of a
-- word that most documents have ("buyer 1234": of the first, five lists of all documents of all
-- tenants, 53 ms against 4). What contains the pattern contains its part; the rest is looked at then.
-- Six words are tried; those with less than three letters have no entry in the index.
CREATE FUNCTION {schema}.rare_part_of_words(p_text text, p_before uuid)
RETURNS text LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, public SET enable_bitmapscan = off SET enable_seqscan = off
SET enable_sort = off SET enable_indexscan = on AS $$
DECLARE
    v_count integer := regexp_count(p_text, '[[:alnum:]]+');
    v_first integer;
    v_last integer;
BEGIN
    IF v_count < 2 THEN
        RETURN p_text;
    END IF;
    WITH newest AS MATERIALIZED (
        SELECT s.words FROM {schema}.document_search s
        WHERE s.tenant_id = {schema}.current_tenant() AND s.document_id < p_before
        ORDER BY s.document_id DESC LIMIT 500
    )
    SELECT min(w.place), max(w.place) INTO v_first, v_last
    FROM generate_series(1, least(v_count, 6)) AS w (place),
        regexp_substr(p_text, '[[:alnum:]]+', 1, w.place) AS word
    WHERE length(word) > 2
    AND (SELECT count(*) < 25 FROM newest WHERE newest.words ILIKE '%' || word || '%');
    IF v_first IS NULL THEN
        RETURN p_text;
    END IF;
    RETURN '%' || substr(
        p_text, regexp_instr(p_text, '[[:alnum:]]+', 1, v_first),
        regexp_instr(p_text, '[[:alnum:]]+', 1, v_last, 1)
            - regexp_instr(p_text, '[[:alnum:]]+', 1, v_first)) || '%';
END $$;
REVOKE ALL ON FUNCTION {schema}.rare_part_of_words(text, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION {schema}.rare_part_of_words(text, uuid) TO {schema}_search;

CREATE OR REPLACE FUNCTION {schema}.search_documents(
    p_text text, p_metadata jsonb, p_before uuid, p_most integer
) RETURNS SETOF uuid LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public SET enable_indexscan = off SET enable_seqscan = off AS $$
DECLARE
    v_part text;
BEGIN
    IF {schema}.is_common_in_documents(p_text, p_metadata, p_before) THEN
        RETURN QUERY SELECT {schema}.search_common_documents(
            p_text, p_metadata, p_before, p_most);
    ELSIF p_metadata IS NULL OR p_text IS NOT NULL
        AND {schema}.is_common_in_documents(NULL, p_metadata, p_before)
        AND NOT {schema}.is_common_in_documents(p_text, NULL, p_before)
    THEN
        v_part := {schema}.rare_part_of_words(p_text, p_before);
        RETURN QUERY SELECT s.document_id FROM {schema}.document_search s
            WHERE s.tenant_id = {schema}.current_tenant() AND s.words ILIKE v_part
            AND (s.words ILIKE p_text) IS TRUE
            AND (p_metadata IS NULL OR s.metadata @> p_metadata) IS TRUE
            AND s.document_id < p_before
            ORDER BY s.document_id DESC LIMIT p_most;
    ELSIF p_text IS NULL OR NOT {schema}.is_common_in_documents(NULL, p_metadata, p_before) THEN
        RETURN QUERY SELECT s.document_id FROM {schema}.document_search s
            WHERE s.tenant_id = {schema}.current_tenant() AND s.metadata @> p_metadata
            AND (p_text IS NULL OR s.words ILIKE p_text) IS TRUE
            AND s.document_id < p_before
            ORDER BY s.document_id DESC LIMIT p_most;
    ELSE
        RETURN QUERY SELECT s.document_id FROM {schema}.document_search s
            WHERE s.tenant_id = {schema}.current_tenant() AND s.words ILIKE p_text
            AND s.metadata @> p_metadata AND s.document_id < p_before
            ORDER BY s.document_id DESC LIMIT p_most;
    END IF;
END $$;

-- Searching for what very many documents have. Under row-level security the planner may not look into
-- the statistics of words for ILIKE, so it takes every pattern for a rare one: a word that all of a
-- tenant's documents have was looked up and sorted as a whole, longer the more there were. Now the
-- newest documents are asked first how common it is; what is common is read from the newest on, until
-- there is enough, and only what is rare is looked up (docs/measurements/growth.md).

-- Newest first along the primary key, never by a bitmap: only for what is common.
CREATE FUNCTION {schema}.search_common_documents(
    p_text text, p_metadata jsonb, p_before uuid, p_most integer
) RETURNS SETOF uuid LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, public SET enable_bitmapscan = off SET enable_seqscan = off
SET enable_sort = off AS $$
BEGIN
    RETURN QUERY SELECT s.document_id FROM {schema}.document_search s
        WHERE s.tenant_id = {schema}.current_tenant() AND s.document_id < p_before
        AND (p_text IS NULL OR s.words ILIKE p_text)
        AND (p_metadata IS NULL OR s.metadata @> p_metadata)
        ORDER BY s.document_id DESC LIMIT p_most;
END $$;
REVOKE ALL ON FUNCTION {schema}.search_common_documents(text, jsonb, uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION {schema}.search_common_documents(text, jsonb, uuid, integer)
    TO {schema}_search;

-- One in twenty of the newest 500: then 1,000 are found in about 20,000, however many there are.
CREATE FUNCTION {schema}.is_common_in_documents(p_text text, p_metadata jsonb, p_before uuid)
RETURNS boolean LANGUAGE sql STABLE
SET search_path = pg_catalog, public SET enable_bitmapscan = off SET enable_seqscan = off
SET enable_sort = off AS $$
    SELECT count(*) >= 25 FROM (
        SELECT s.words, s.metadata FROM {schema}.document_search s
        WHERE s.tenant_id = {schema}.current_tenant() AND s.document_id < p_before
        ORDER BY s.document_id DESC LIMIT 500) AS newest
    WHERE (p_text IS NULL OR newest.words ILIKE p_text)
    AND (p_metadata IS NULL OR newest.metadata @> p_metadata)
$$;
REVOKE ALL ON FUNCTION {schema}.is_common_in_documents(text, jsonb, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION {schema}.is_common_in_documents(text, jsonb, uuid) TO {schema}_search;

CREATE OR REPLACE FUNCTION {schema}.search_documents(
    p_text text, p_metadata jsonb, p_before uuid, p_most integer
) RETURNS SETOF uuid LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
BEGIN
    IF {schema}.is_common_in_documents(p_text, p_metadata, p_before) THEN
        RETURN QUERY SELECT {schema}.search_common_documents(
            p_text, p_metadata, p_before, p_most);
    ELSIF p_text IS NOT NULL AND p_metadata IS NOT NULL THEN
        RETURN QUERY SELECT s.document_id FROM {schema}.document_search s
            WHERE s.tenant_id = {schema}.current_tenant() AND s.words ILIKE p_text
            AND s.metadata @> p_metadata AND s.document_id < p_before
            ORDER BY s.document_id DESC LIMIT p_most;
    ELSIF p_metadata IS NOT NULL THEN
        RETURN QUERY SELECT s.document_id FROM {schema}.document_search s
            WHERE s.tenant_id = {schema}.current_tenant()
            AND s.metadata @> p_metadata AND s.document_id < p_before
            ORDER BY s.document_id DESC LIMIT p_most;
    ELSE
        RETURN QUERY SELECT s.document_id FROM {schema}.document_search s
            WHERE s.tenant_id = {schema}.current_tenant()
            AND s.words ILIKE p_text AND s.document_id < p_before
            ORDER BY s.document_id DESC LIMIT p_most;
    END IF;
END $$;

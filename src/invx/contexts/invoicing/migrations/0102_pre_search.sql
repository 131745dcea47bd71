-- Search by text and metadata. Trigram and jsonb operators are not leakproof, so under row-level
-- security no index may serve them; one function owned by a read-only role asks for us, takes the
-- tenant from the transaction, and returns ids only (design, section 5; the query: read/search.sql).

CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
CREATE EXTENSION IF NOT EXISTS btree_gin WITH SCHEMA public;

CREATE TABLE {schema}.document_search (
    tenant_id uuid NOT NULL,
    document_id uuid NOT NULL,
    words text NOT NULL,
    metadata jsonb NOT NULL,
    PRIMARY KEY (tenant_id, document_id),
    FOREIGN KEY (tenant_id, document_id) REFERENCES {schema}.documents ON DELETE CASCADE
);
CREATE INDEX document_search_words ON {schema}.document_search
    USING gin (tenant_id, words public.gin_trgm_ops);
CREATE INDEX document_search_metadata ON {schema}.document_search
    USING gin (tenant_id, metadata jsonb_path_ops);

ALTER TABLE {schema}.document_search ENABLE ROW LEVEL SECURITY;
ALTER TABLE {schema}.document_search FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {schema}.document_search TO {schema}_app
    USING (tenant_id = {schema}.current_tenant())
    WITH CHECK (tenant_id = {schema}.current_tenant());
GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.document_search TO {schema}_app;

DO $$ BEGIN
    CREATE ROLE {schema}_search NOLOGIN NOSUPERUSER NOBYPASSRLS;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;  -- roles are the server's
END $$;
GRANT USAGE ON SCHEMA {schema} TO {schema}_search;
GRANT SELECT ON {schema}.document_search TO {schema}_search;
CREATE POLICY search ON {schema}.document_search FOR SELECT TO {schema}_search USING (true);

-- At most `p_most` ids of the current tenant's documents before `p_before`, newest first, whose words
-- contain `p_text` (an ILIKE pattern, or null) and whose metadata contain `p_metadata` (or null).
CREATE FUNCTION {schema}.search_documents(
    p_text text, p_metadata jsonb, p_before uuid, p_most integer
) RETURNS SETOF uuid LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
BEGIN
    IF p_text IS NOT NULL AND p_metadata IS NOT NULL THEN
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
GRANT CREATE ON SCHEMA {schema} TO {schema}_search;
ALTER FUNCTION {schema}.search_documents(text, jsonb, uuid, integer) OWNER TO {schema}_search;
REVOKE CREATE ON SCHEMA {schema} FROM {schema}_search;
REVOKE ALL ON FUNCTION {schema}.search_documents(text, jsonb, uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION {schema}.search_documents(text, jsonb, uuid, integer) TO {schema}_app;

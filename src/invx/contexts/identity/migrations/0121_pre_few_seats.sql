-- A person belongs to few tenants. The planner takes a thousand where nothing is said, and then went
-- through all tenants of the installation for each token: 10 ms among 20,000, where 0.1 is enough.
ALTER FUNCTION {schema}.tenants_of(uuid) ROWS 3;
ALTER FUNCTION {schema}.tenants_knowing(uuid) ROWS 3;
ALTER FUNCTION {schema}.without_owner(uuid[], uuid) ROWS 3;
ALTER FUNCTION {schema}.in_business(uuid[]) ROWS 3;

-- What of a claim is due when. `due_date` and `overdue_from` are those of the part that is open first;
-- where there are several parts, `instalments` has all of them: due date, amount, and `until`, the
-- amount that must be settled for the part to be covered. They reach to the whole claim.
-- `planned_on`: a payment plan took the place of the document's own terms on that day.

ALTER TABLE {schema}.settlements
    ADD COLUMN instalments json,
    ADD COLUMN planned_on date,
    ADD CONSTRAINT instalments_reach_to_the_total
        CHECK (instalments IS NULL OR (instalments -> -1 ->> 'until')::numeric = total);

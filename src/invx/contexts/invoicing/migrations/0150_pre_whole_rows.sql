-- Bodies of a few kilobytes stay in their row as they are. Compressing each of them took the
-- database as long as all indexes together; it saved disk only (docs/bulk.md).
ALTER TABLE {schema}.events SET (toast_tuple_target = 8160);
ALTER TABLE {schema}.document_contents SET (toast_tuple_target = 8160);

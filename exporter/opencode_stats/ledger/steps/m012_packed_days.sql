-- A day's rows of day_sums by one thing, all of them in one value (ledger.packed_days): what questions about years read,
-- because SQLite and Python take longer for a row than for what is in it. They are made and given up with the rows.
-- `names` is a JSON array of their keys, ascending, null for an empty one; `figures` has ten integers of eight bytes each,
-- the lowest first. It is NULL where one of them is too large for that; then the rows are asked.
CREATE TABLE packed_days (
    split    TEXT NOT NULL CHECK (split IN ('agent', 'directory', 'conversation')),
    start_ms INTEGER NOT NULL,
    names    TEXT NOT NULL,
    figures  BLOB,
    PRIMARY KEY (split, start_ms)
) STRICT;;

-- Days that were summed before are summed again, when there is time for it: so none is without.
DELETE FROM day_sums;;
DELETE FROM summed_days;;

DROP TRIGGER summed_days_gone;;
CREATE TRIGGER summed_days_gone AFTER DELETE ON summed_days BEGIN
    DELETE FROM day_sums
     WHERE split IN ('model', 'agent', 'directory', 'conversation') AND start_ms = OLD.start_ms;
    DELETE FROM packed_days WHERE split IN ('agent', 'directory', 'conversation') AND start_ms = OLD.start_ms;
END;;

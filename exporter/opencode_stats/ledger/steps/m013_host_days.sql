-- What other hosts used on days that are over, with what this one does not count for them, because they made a message
-- that it has, too (ledger.host_days): made when there is time for it, as day_sums are, and only of days that those are
-- made of. So whatever changes a message of this host gives up its day here as well, without a word from its trigger.

-- The days; `made` is 0 where a sum is larger than an integer can be, and all of the day is asked itself.
CREATE TABLE host_days (
    start_ms INTEGER PRIMARY KEY,
    made     INTEGER NOT NULL CHECK (made IN (0, 1))
) STRICT;;

-- What comes to a host's sums; to this host's, whatever another one made, it is less than nothing.
CREATE TABLE host_day_sums (
    start_ms      INTEGER NOT NULL,
    host          TEXT NOT NULL,
    provider      TEXT NOT NULL,
    model         TEXT NOT NULL,
    input         INTEGER NOT NULL,
    output        INTEGER NOT NULL,
    reasoning     INTEGER NOT NULL,
    cache_read    INTEGER NOT NULL,
    cache_write   INTEGER NOT NULL,
    cost_microusd INTEGER NOT NULL,
    messages      INTEGER NOT NULL,
    PRIMARY KEY (start_ms, host, provider, model)
) STRICT, WITHOUT ROWID;;

-- Messages that two hosts have on different days, and what OpenCode 2.x charged besides its messages: in no day here.
-- They are few, and looked up whenever hosts are added up.
CREATE TABLE shared_apart (
    message TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;;

CREATE TRIGGER host_days_gone AFTER DELETE ON host_days BEGIN
    DELETE FROM host_day_sums WHERE start_ms = OLD.start_ms;
END;;

DROP TRIGGER summed_days_gone;;
CREATE TRIGGER summed_days_gone AFTER DELETE ON summed_days BEGIN
    DELETE FROM day_sums
     WHERE split IN ('model', 'agent', 'directory', 'conversation') AND start_ms = OLD.start_ms;
    DELETE FROM packed_days WHERE split IN ('agent', 'directory', 'conversation') AND start_ms = OLD.start_ms;
    DELETE FROM host_days WHERE start_ms = OLD.start_ms;
END;;

CREATE TRIGGER foreign_messages_added_to_day AFTER INSERT ON foreign_messages BEGIN
    DELETE FROM host_days WHERE start_ms =
        (SELECT max(start_ms) FROM summed_days WHERE start_ms <= NEW.counted_at_ms);
END;;

CREATE TRIGGER foreign_messages_changed_in_day AFTER UPDATE ON foreign_messages BEGIN
    DELETE FROM host_days WHERE start_ms =
        (SELECT max(start_ms) FROM summed_days WHERE start_ms <= OLD.counted_at_ms);
    DELETE FROM host_days WHERE start_ms =
        (SELECT max(start_ms) FROM summed_days WHERE start_ms <= NEW.counted_at_ms);
END;;

-- Whose a message is depends on the ids of both.
CREATE TRIGGER hosts_own_added AFTER INSERT ON hosts WHEN NEW.own BEGIN
    DELETE FROM host_days;
END;;
CREATE TRIGGER hosts_own_changed AFTER UPDATE OF host, own ON hosts BEGIN
    DELETE FROM host_days;
END;;

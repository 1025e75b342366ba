-- What other hosts' ledgers told (docs/machines.md). None of it is in `messages`, nor in any sum of this host.

-- Every host that is known, this one among them (`own`). `host` is a random id, `name` what people call it, `written_ms`
-- when the newest of its files that was read was written; of this one the last that it wrote into a folder, 0 before.
CREATE TABLE hosts (
    host       TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    own        INTEGER NOT NULL CHECK (own IN (0, 1)),
    written_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;;
CREATE UNIQUE INDEX hosts_own ON hosts (own) WHERE own = 1;;

-- One counted message of another host, as its file had it: the furthest along of all that were read (core.hosts).
-- `charged` is a conversation's running total, with what OpenCode 2.x charged besides its messages. Once nothing is left
-- of that the row `counts` as no request.
CREATE TABLE foreign_messages (
    message       TEXT PRIMARY KEY,
    host          TEXT NOT NULL REFERENCES hosts (host),
    live          INTEGER NOT NULL CHECK (live IN (0, 1)),
    conversation  TEXT NOT NULL,
    stage         TEXT NOT NULL CHECK (stage IN ('created', 'usage', 'completed')),
    event         TEXT NOT NULL,
    counted_at_ms INTEGER NOT NULL,
    created_ms    INTEGER,
    completed_ms  INTEGER,
    provider      TEXT,
    model         TEXT,
    variant       TEXT,
    agent         TEXT,
    directory     TEXT,
    input         INTEGER NOT NULL,
    output        INTEGER NOT NULL,
    reasoning     INTEGER NOT NULL,
    cache_read    INTEGER NOT NULL,
    cache_write   INTEGER NOT NULL,
    cost_microusd INTEGER,
    charged       INTEGER NOT NULL,
    counts        INTEGER NOT NULL GENERATED ALWAYS AS (
        substr(message, 1, 10) != 'auxiliary:' OR input + output + reasoning + cache_read + cache_write > 0
    ) VIRTUAL
) STRICT, WITHOUT ROWID;;
CREATE INDEX foreign_messages_at ON foreign_messages (counted_at_ms);;

-- Their sums, by quarter hours since 1970 (`slot`), kept by triggers like those of this host.
CREATE TABLE foreign_sums (
    host          TEXT NOT NULL,
    slot          INTEGER NOT NULL,
    provider      TEXT NOT NULL,
    model         TEXT NOT NULL,
    input         INTEGER NOT NULL,
    output        INTEGER NOT NULL,
    reasoning     INTEGER NOT NULL,
    cache_read    INTEGER NOT NULL,
    cache_write   INTEGER NOT NULL,
    cost_microusd INTEGER NOT NULL,
    messages      INTEGER NOT NULL,
    PRIMARY KEY (host, slot, provider, model)
) STRICT, WITHOUT ROWID;;

-- Messages that this host has, too: somebody copied OpenCode's database. They count once, so they are looked up by name
-- when hosts are added up. All are here whose row in `messages` has no higher number than `shared_until` says.
CREATE TABLE shared_messages (
    message TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;;
CREATE TABLE shared_until (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    message_id INTEGER NOT NULL
) STRICT;;
INSERT INTO shared_until VALUES (1, 0);;

CREATE TRIGGER foreign_messages_shared AFTER INSERT ON foreign_messages
WHEN EXISTS (SELECT 1 FROM messages WHERE message = NEW.message) BEGIN
    INSERT OR IGNORE INTO shared_messages VALUES (NEW.message);
END;;

CREATE TRIGGER foreign_messages_added AFTER INSERT ON foreign_messages BEGIN
    INSERT INTO foreign_sums VALUES (
        NEW.host, NEW.counted_at_ms / 900000, ifnull(NEW.provider, ''), ifnull(NEW.model, ''), NEW.input, NEW.output,
        NEW.reasoning, NEW.cache_read, NEW.cache_write, ifnull(NEW.cost_microusd, 0), NEW.counts
    ) ON CONFLICT DO UPDATE SET
        input = input + excluded.input, output = output + excluded.output,
        reasoning = reasoning + excluded.reasoning, cache_read = cache_read + excluded.cache_read,
        cache_write = cache_write + excluded.cache_write,
        cost_microusd = cost_microusd + excluded.cost_microusd, messages = messages + excluded.messages;
END;;

CREATE TRIGGER foreign_messages_changed AFTER UPDATE ON foreign_messages BEGIN
    UPDATE foreign_sums SET
        input = input - OLD.input, output = output - OLD.output, reasoning = reasoning - OLD.reasoning,
        cache_read = cache_read - OLD.cache_read, cache_write = cache_write - OLD.cache_write,
        cost_microusd = cost_microusd - ifnull(OLD.cost_microusd, 0), messages = messages - OLD.counts
     WHERE host = OLD.host AND slot = OLD.counted_at_ms / 900000
       AND provider = ifnull(OLD.provider, '') AND model = ifnull(OLD.model, '');
    INSERT INTO foreign_sums VALUES (
        NEW.host, NEW.counted_at_ms / 900000, ifnull(NEW.provider, ''), ifnull(NEW.model, ''), NEW.input, NEW.output,
        NEW.reasoning, NEW.cache_read, NEW.cache_write, ifnull(NEW.cost_microusd, 0), NEW.counts
    ) ON CONFLICT DO UPDATE SET
        input = input + excluded.input, output = output + excluded.output,
        reasoning = reasoning + excluded.reasoning, cache_read = cache_read + excluded.cache_read,
        cache_write = cache_write + excluded.cache_write,
        cost_microusd = cost_microusd + excluded.cost_microusd, messages = messages + excluded.messages;
END;;

-- As with this host's: what was spent was spent.
CREATE TRIGGER foreign_messages_stay BEFORE DELETE ON foreign_messages BEGIN
    SELECT raise(ABORT, 'a message is never deleted from the ledger');
END;;

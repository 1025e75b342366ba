-- Taking in OpenCode's own databases: how far each was read, and sums that are added once for a whole batch.

CREATE TABLE sources (
    path       TEXT PRIMARY KEY,
    message    INTEGER NOT NULL,
    message_id TEXT NOT NULL,
    event      INTEGER NOT NULL,
    event_id   TEXT NOT NULL,
    checked_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;;

-- While this has a row the triggers below stand still; it has none outside of a transaction of ledger.bulk.
CREATE TABLE bulk (
    batch INTEGER PRIMARY KEY
) STRICT;;

DROP TRIGGER messages_added;;
DROP TRIGGER messages_leaving;;
DROP TRIGGER messages_changed;;

CREATE TRIGGER messages_added AFTER INSERT ON messages WHEN NOT EXISTS (SELECT 1 FROM bulk) BEGIN
    INSERT INTO sums
        SELECT scope, number, directory, provider, model,
               input, output, reasoning, cache_read, cache_write, cost_microusd, 1
          FROM shares WHERE id = NEW.id
        ON CONFLICT DO UPDATE SET
            input = input + excluded.input, output = output + excluded.output,
            reasoning = reasoning + excluded.reasoning, cache_read = cache_read + excluded.cache_read,
            cache_write = cache_write + excluded.cache_write,
            cost_microusd = cost_microusd + excluded.cost_microusd, messages = messages + 1;
END;;

CREATE TRIGGER messages_leaving BEFORE UPDATE ON messages WHEN NOT EXISTS (SELECT 1 FROM bulk) BEGIN
    INSERT INTO sums
        SELECT scope, number, directory, provider, model,
               input, output, reasoning, cache_read, cache_write, cost_microusd, 1
          FROM shares WHERE id = OLD.id
        ON CONFLICT DO UPDATE SET
            input = input - excluded.input, output = output - excluded.output,
            reasoning = reasoning - excluded.reasoning, cache_read = cache_read - excluded.cache_read,
            cache_write = cache_write - excluded.cache_write,
            cost_microusd = cost_microusd - excluded.cost_microusd, messages = messages - 1;
END;;

CREATE TRIGGER messages_changed AFTER UPDATE ON messages WHEN NOT EXISTS (SELECT 1 FROM bulk) BEGIN
    INSERT INTO sums
        SELECT scope, number, directory, provider, model,
               input, output, reasoning, cache_read, cache_write, cost_microusd, 1
          FROM shares WHERE id = NEW.id
        ON CONFLICT DO UPDATE SET
            input = input + excluded.input, output = output + excluded.output,
            reasoning = reasoning + excluded.reasoning, cache_read = cache_read + excluded.cache_read,
            cache_write = cache_write + excluded.cache_write,
            cost_microusd = cost_microusd + excluded.cost_microusd, messages = messages + 1;
END;;

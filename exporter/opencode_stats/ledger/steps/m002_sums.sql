-- What is made of the facts, in the same transaction: by triggers, so that it can neither be forgotten nor lag behind.

-- The running sums. A `scope` is 'all', 'run' or 'slot' (a quarter hour since 1970), `number` which one. A run's sums
-- are kept by `directory`, which is empty in the other scopes.
CREATE TABLE sums (
    scope         TEXT NOT NULL,
    number        INTEGER NOT NULL,
    directory     TEXT NOT NULL,
    provider      TEXT NOT NULL,
    model         TEXT NOT NULL,
    input         INTEGER NOT NULL,
    output        INTEGER NOT NULL,
    reasoning     INTEGER NOT NULL,
    cache_read    INTEGER NOT NULL,
    cache_write   INTEGER NOT NULL,
    cost_microusd INTEGER NOT NULL,
    messages      INTEGER NOT NULL,
    PRIMARY KEY (scope, number, directory, provider, model)
) STRICT, WITHOUT ROWID;;

-- What one counted message with known tokens adds to each sum; the triggers take it away and add it again.
CREATE VIEW shares AS
    SELECT messages.id AS id, 'all' AS scope, 0 AS number, '' AS directory,
           ifnull(provider, '') AS provider, ifnull(model, '') AS model,
           input, output, reasoning, cache_read, cache_write, ifnull(cost_microusd, 0) AS cost_microusd
      FROM messages WHERE standing = 'counted' AND input IS NOT NULL
    UNION ALL
    SELECT messages.id, 'run', run, ifnull(directory, ''), ifnull(provider, ''), ifnull(model, ''),
           input, output, reasoning, cache_read, cache_write, ifnull(cost_microusd, 0)
      FROM messages WHERE standing = 'counted' AND input IS NOT NULL AND run IS NOT NULL
    UNION ALL
    SELECT messages.id, 'slot', counted_at_ms / 900000, '', ifnull(provider, ''), ifnull(model, ''),
           input, output, reasoning, cache_read, cache_write, ifnull(cost_microusd, 0)
      FROM messages WHERE standing = 'counted' AND input IS NOT NULL;;

-- While this has a row the triggers below stand still; it has none outside of a transaction of ledger.bulk.
CREATE TABLE bulk (
    batch INTEGER PRIMARY KEY
) STRICT;;

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

-- Of messages that were there before this step.
INSERT INTO sums
    SELECT scope, number, directory, provider, model, sum(input), sum(output), sum(reasoning), sum(cache_read),
           sum(cache_write), sum(cost_microusd), count(*)
      FROM shares GROUP BY 1, 2, 3, 4, 5;;

-- A row is never deleted: what OpenCode forgets was spent all the same.
CREATE TRIGGER messages_stay BEFORE DELETE ON messages BEGIN
    SELECT raise(ABORT, 'a message is never deleted from the ledger');
END;;

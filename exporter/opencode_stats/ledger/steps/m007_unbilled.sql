-- Usage that OpenCode recorded at no cost, or at none that is known: what it is worth is made from a price list when it
-- is shown (core.cost). Long contexts have other prices, so it is summed by steps: `above` is the largest size of
-- `price_steps` that the request's context is above, 0 for none. A price that knows another size adds it there, and has
-- the sums made anew (ledger.unbilled). Messages with a cost are in none of this.
CREATE TABLE price_steps (
    above INTEGER PRIMARY KEY
) STRICT;;
INSERT INTO price_steps VALUES (32000), (128000), (200000), (256000), (272000), (512000);;

-- `scope` and `number` as in `sums`.
CREATE TABLE unbilled (
    scope       TEXT NOT NULL,
    number      INTEGER NOT NULL,
    provider    TEXT NOT NULL,
    model       TEXT NOT NULL,
    above       INTEGER NOT NULL,
    input       INTEGER NOT NULL,
    output      INTEGER NOT NULL,
    reasoning   INTEGER NOT NULL,
    cache_read  INTEGER NOT NULL,
    cache_write INTEGER NOT NULL,
    PRIMARY KEY (scope, number, provider, model, above)
) STRICT, WITHOUT ROWID;;

CREATE VIEW unbilled_messages AS
    SELECT id, run, counted_at_ms / 900000 AS slot, ifnull(provider, '') AS provider, ifnull(model, '') AS model,
           ifnull((SELECT max(above) FROM price_steps WHERE above < input + cache_read + cache_write), 0) AS above,
           input, output, reasoning, cache_read, cache_write
      FROM messages WHERE standing = 'counted' AND input IS NOT NULL AND ifnull(cost_microusd, 0) = 0
       AND (input, output, reasoning, cache_read, cache_write) != (0, 0, 0, 0, 0);;

CREATE VIEW unbilled_shares AS
    SELECT id, 'all' AS scope, 0 AS number, provider, model, above, input, output, reasoning, cache_read, cache_write
      FROM unbilled_messages
    UNION ALL
    SELECT id, 'run', run, provider, model, above, input, output, reasoning, cache_read, cache_write
      FROM unbilled_messages WHERE run IS NOT NULL
    UNION ALL
    SELECT id, 'slot', slot, provider, model, above, input, output, reasoning, cache_read, cache_write
      FROM unbilled_messages;;

CREATE TRIGGER unbilled_added AFTER INSERT ON messages
WHEN NEW.input IS NOT NULL AND ifnull(NEW.cost_microusd, 0) = 0 AND NOT EXISTS (SELECT 1 FROM bulk) BEGIN
    INSERT INTO unbilled
        SELECT scope, number, provider, model, above, input, output, reasoning, cache_read, cache_write
          FROM unbilled_shares WHERE id = NEW.id
        ON CONFLICT DO UPDATE SET
            input = input + excluded.input, output = output + excluded.output,
            reasoning = reasoning + excluded.reasoning, cache_read = cache_read + excluded.cache_read,
            cache_write = cache_write + excluded.cache_write;
END;;

CREATE TRIGGER unbilled_leaving BEFORE UPDATE ON messages
WHEN OLD.input IS NOT NULL AND ifnull(OLD.cost_microusd, 0) = 0 AND NOT EXISTS (SELECT 1 FROM bulk) BEGIN
    INSERT INTO unbilled
        SELECT scope, number, provider, model, above, input, output, reasoning, cache_read, cache_write
          FROM unbilled_shares WHERE id = OLD.id
        ON CONFLICT DO UPDATE SET
            input = input - excluded.input, output = output - excluded.output,
            reasoning = reasoning - excluded.reasoning, cache_read = cache_read - excluded.cache_read,
            cache_write = cache_write - excluded.cache_write;
END;;

CREATE TRIGGER unbilled_changed AFTER UPDATE ON messages
WHEN NEW.input IS NOT NULL AND ifnull(NEW.cost_microusd, 0) = 0 AND NOT EXISTS (SELECT 1 FROM bulk) BEGIN
    INSERT INTO unbilled
        SELECT scope, number, provider, model, above, input, output, reasoning, cache_read, cache_write
          FROM unbilled_shares WHERE id = NEW.id
        ON CONFLICT DO UPDATE SET
            input = input + excluded.input, output = output + excluded.output,
            reasoning = reasoning + excluded.reasoning, cache_read = cache_read + excluded.cache_read,
            cache_write = cache_write + excluded.cache_write;
END;;

-- Of messages that were there before this step.
INSERT INTO unbilled
    SELECT scope, number, provider, model, above, sum(input), sum(output), sum(reasoning), sum(cache_read),
           sum(cache_write)
      FROM unbilled_shares GROUP BY 1, 2, 3, 4, 5;;

-- What follows from a message is in one trigger for each way in which its row can change, instead of three: a row that is
-- added pays for each trigger, whatever that does. Where many are added at once (ledger.sums) the trigger itself is gone
-- until the end of that transaction, so the guard that all of them asked, and its table, are needed no more.
DROP TRIGGER messages_added;;
DROP TRIGGER messages_leaving;;
DROP TRIGGER messages_changed;;
DROP TRIGGER messages_added_to_day;;
DROP TRIGGER messages_changed_in_day;;
DROP TRIGGER unbilled_added;;
DROP TRIGGER unbilled_leaving;;
DROP TRIGGER unbilled_changed;;
DROP TABLE bulk;;

CREATE TRIGGER messages_added AFTER INSERT ON messages BEGIN
    INSERT INTO sums
        SELECT scope, number, directory, provider, model,
               input, output, reasoning, cache_read, cache_write, cost_microusd, 1
          FROM shares WHERE id = NEW.id
        ON CONFLICT DO UPDATE SET
            input = input + excluded.input, output = output + excluded.output,
            reasoning = reasoning + excluded.reasoning, cache_read = cache_read + excluded.cache_read,
            cache_write = cache_write + excluded.cache_write,
            cost_microusd = cost_microusd + excluded.cost_microusd, messages = messages + 1;
    INSERT INTO unbilled
        SELECT scope, number, provider, model, above, input, output, reasoning, cache_read, cache_write
          FROM unbilled_shares WHERE id = NEW.id AND NEW.input IS NOT NULL AND ifnull(NEW.cost_microusd, 0) = 0
        ON CONFLICT DO UPDATE SET
            input = input + excluded.input, output = output + excluded.output,
            reasoning = reasoning + excluded.reasoning, cache_read = cache_read + excluded.cache_read,
            cache_write = cache_write + excluded.cache_write;
    DELETE FROM summed_days
     WHERE start_ms = (SELECT max(start_ms) FROM summed_days WHERE start_ms <= NEW.counted_at_ms)
       AND end_ms > NEW.counted_at_ms;
END;;

CREATE TRIGGER messages_leaving BEFORE UPDATE ON messages BEGIN
    INSERT INTO sums
        SELECT scope, number, directory, provider, model,
               input, output, reasoning, cache_read, cache_write, cost_microusd, 1
          FROM shares WHERE id = OLD.id
        ON CONFLICT DO UPDATE SET
            input = input - excluded.input, output = output - excluded.output,
            reasoning = reasoning - excluded.reasoning, cache_read = cache_read - excluded.cache_read,
            cache_write = cache_write - excluded.cache_write,
            cost_microusd = cost_microusd - excluded.cost_microusd, messages = messages - 1;
    INSERT INTO unbilled
        SELECT scope, number, provider, model, above, input, output, reasoning, cache_read, cache_write
          FROM unbilled_shares WHERE id = OLD.id AND OLD.input IS NOT NULL AND ifnull(OLD.cost_microusd, 0) = 0
        ON CONFLICT DO UPDATE SET
            input = input - excluded.input, output = output - excluded.output,
            reasoning = reasoning - excluded.reasoning, cache_read = cache_read - excluded.cache_read,
            cache_write = cache_write - excluded.cache_write;
END;;

CREATE TRIGGER messages_changed AFTER UPDATE ON messages BEGIN
    INSERT INTO sums
        SELECT scope, number, directory, provider, model,
               input, output, reasoning, cache_read, cache_write, cost_microusd, 1
          FROM shares WHERE id = NEW.id
        ON CONFLICT DO UPDATE SET
            input = input + excluded.input, output = output + excluded.output,
            reasoning = reasoning + excluded.reasoning, cache_read = cache_read + excluded.cache_read,
            cache_write = cache_write + excluded.cache_write,
            cost_microusd = cost_microusd + excluded.cost_microusd, messages = messages + 1;
    INSERT INTO unbilled
        SELECT scope, number, provider, model, above, input, output, reasoning, cache_read, cache_write
          FROM unbilled_shares WHERE id = NEW.id AND NEW.input IS NOT NULL AND ifnull(NEW.cost_microusd, 0) = 0
        ON CONFLICT DO UPDATE SET
            input = input + excluded.input, output = output + excluded.output,
            reasoning = reasoning + excluded.reasoning, cache_read = cache_read + excluded.cache_read,
            cache_write = cache_write + excluded.cache_write;
    DELETE FROM summed_days
     WHERE start_ms = (SELECT max(start_ms) FROM summed_days WHERE start_ms <= OLD.counted_at_ms)
       AND end_ms > OLD.counted_at_ms;
    DELETE FROM summed_days
     WHERE start_ms = (SELECT max(start_ms) FROM summed_days WHERE start_ms <= NEW.counted_at_ms)
       AND end_ms > NEW.counted_at_ms;
END;;

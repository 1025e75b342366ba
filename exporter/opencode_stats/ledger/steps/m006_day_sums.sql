-- Sums of days that are over, by one thing each: what questions about years are answered from (ledger.day_sums). They
-- are made when there is time for it. A day one of whose messages changes is given up by the triggers below, and then
-- its messages are asked themselves until it is summed again; so a sum is never wrong, at worst it is missing.

-- Which days are summed, and the user's prompts of each. They never overlap, and are made of whole quarter hours.
CREATE TABLE summed_days (
    start_ms INTEGER PRIMARY KEY,
    end_ms   INTEGER NOT NULL,
    prompts  INTEGER NOT NULL
) STRICT;;

-- `split` is 'model', 'agent', 'directory' or 'conversation', `key` the name of one, empty where it is not known;
-- `provider` is empty but for models. `rated_*` is what the rate of output is taken from (core.history.Figures).
CREATE TABLE day_sums (
    split         TEXT NOT NULL,
    start_ms      INTEGER NOT NULL,
    key           TEXT NOT NULL,
    provider      TEXT NOT NULL,
    input         INTEGER NOT NULL,
    output        INTEGER NOT NULL,
    reasoning     INTEGER NOT NULL,
    cache_read    INTEGER NOT NULL,
    cache_write   INTEGER NOT NULL,
    cost_microusd INTEGER NOT NULL,
    messages      INTEGER NOT NULL,
    active_ms     INTEGER NOT NULL,
    rated_tokens  INTEGER NOT NULL,
    rated_ms      INTEGER NOT NULL,
    PRIMARY KEY (split, start_ms, key, provider)
) STRICT, WITHOUT ROWID;;
CREATE INDEX day_sums_conversations ON day_sums (key) WHERE split = 'conversation';;

CREATE TRIGGER summed_days_gone AFTER DELETE ON summed_days BEGIN
    DELETE FROM day_sums
     WHERE split IN ('model', 'agent', 'directory', 'conversation') AND start_ms = OLD.start_ms;
END;;

CREATE TRIGGER messages_added_to_day AFTER INSERT ON messages WHEN NOT EXISTS (SELECT 1 FROM bulk) BEGIN
    DELETE FROM summed_days
     WHERE start_ms = (SELECT max(start_ms) FROM summed_days WHERE start_ms <= NEW.counted_at_ms)
       AND end_ms > NEW.counted_at_ms;
END;;

CREATE TRIGGER messages_changed_in_day AFTER UPDATE ON messages BEGIN
    DELETE FROM summed_days
     WHERE start_ms = (SELECT max(start_ms) FROM summed_days WHERE start_ms <= OLD.counted_at_ms)
       AND end_ms > OLD.counted_at_ms;
    DELETE FROM summed_days
     WHERE start_ms = (SELECT max(start_ms) FROM summed_days WHERE start_ms <= NEW.counted_at_ms)
       AND end_ms > NEW.counted_at_ms;
END;;

-- What a conversation is may become known after its messages: whose agent's they are, and where.
CREATE TRIGGER conversations_known AFTER UPDATE OF agent, directory ON conversations
WHEN (OLD.agent, OLD.directory) IS NOT (NEW.agent, NEW.directory) BEGIN
    DELETE FROM summed_days WHERE start_ms IN
        (SELECT start_ms FROM day_sums WHERE split = 'conversation' AND key = NEW.conversation);
END;;

CREATE TRIGGER conversations_added AFTER INSERT ON conversations
WHEN NEW.agent IS NOT NULL OR NEW.directory IS NOT NULL OR NEW.parent IS NOT NULL BEGIN
    DELETE FROM summed_days WHERE start_ms IN
        (SELECT start_ms FROM day_sums WHERE split = 'conversation' AND key = NEW.conversation);
    DELETE FROM summed_days WHERE start_ms IN
        (SELECT (SELECT max(start_ms) FROM summed_days WHERE start_ms <= at_ms)
           FROM prompts WHERE conversation = NEW.conversation);
END;;

-- A sub-agent's prompts are not the user's.
CREATE TRIGGER conversations_placed AFTER UPDATE OF parent ON conversations WHEN OLD.parent IS NOT NEW.parent BEGIN
    DELETE FROM summed_days WHERE start_ms IN
        (SELECT (SELECT max(start_ms) FROM summed_days WHERE start_ms <= at_ms)
           FROM prompts WHERE conversation = NEW.conversation);
END;;

CREATE INDEX prompts_at ON prompts (at_ms);;
CREATE TRIGGER prompts_added AFTER INSERT ON prompts BEGIN
    DELETE FROM summed_days
     WHERE start_ms = (SELECT max(start_ms) FROM summed_days WHERE start_ms <= NEW.at_ms) AND end_ms > NEW.at_ms;
END;;

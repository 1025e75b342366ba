-- Taking in OpenCode 2.x's tables, and what its running totals hold besides the messages.

ALTER TABLE sources ADD COLUMN row INTEGER NOT NULL DEFAULT 0;;
ALTER TABLE sources ADD COLUMN row_id TEXT NOT NULL DEFAULT '';;

-- Rows of OpenCode's databases that make no sense and are in no figure; one that is put right leaves.
CREATE TABLE rejected (
    path    TEXT NOT NULL,
    message TEXT NOT NULL,
    at_ms   INTEGER NOT NULL,
    PRIMARY KEY (path, message)
) STRICT, WITHOUT ROWID;;
CREATE INDEX rejected_at ON rejected (at_ms);;

-- What OpenCode 2.x did with the conversation: 0 made it, 1 took it over from 1.x, 2 the same, but 1.x's tables have it
-- no more; NULL is not known yet. `legacy_*` is what 1.x's tables held of it, which 2.x's running total began with.
ALTER TABLE conversations ADD COLUMN takeover INTEGER;;
ALTER TABLE conversations ADD COLUMN legacy_input INTEGER NOT NULL DEFAULT 0;;
ALTER TABLE conversations ADD COLUMN legacy_output INTEGER NOT NULL DEFAULT 0;;
ALTER TABLE conversations ADD COLUMN legacy_reasoning INTEGER NOT NULL DEFAULT 0;;
ALTER TABLE conversations ADD COLUMN legacy_cache_read INTEGER NOT NULL DEFAULT 0;;
ALTER TABLE conversations ADD COLUMN legacy_cache_write INTEGER NOT NULL DEFAULT 0;;
ALTER TABLE conversations ADD COLUMN legacy_cost_microusd INTEGER NOT NULL DEFAULT 0;;

-- OpenCode 2.x's messages, for the two questions that are asked of them all the time: what a conversation's running
-- total contains, and which may still change in place. OpenCode 1.x's are not in them, so its events pay nothing.
CREATE INDEX messages_contained ON messages
    (conversation, input, output, reasoning, cache_read, cache_write, cost_microusd)
    WHERE api = 2 AND standing = 'counted' AND substr(message, 1, 10) != 'auxiliary:';;
CREATE INDEX messages_unsettled ON messages (message) WHERE api = 2 AND stage != 'completed';;

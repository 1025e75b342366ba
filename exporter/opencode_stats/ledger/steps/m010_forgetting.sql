-- What is left of messages, prompts and titles whose detail the user does not want to be kept (ledger.forgetting): their
-- sums, and the ids by which they are known should anybody tell of them again. Rows come here in the transaction in which
-- they leave the tables of before, so that every message is in one of the two.

-- Since when detail is kept, and the first instant of what is forgotten; `swept` is 1 when conversations, runs and
-- processes that nothing belongs to any more are gone, too. No row: nothing ever was.
CREATE TABLE kept_from (
    one          INTEGER PRIMARY KEY CHECK (one = 1),
    at_ms        INTEGER NOT NULL,
    first_use_ms INTEGER NOT NULL,
    swept        INTEGER NOT NULL CHECK (swept IN (0, 1))
) STRICT;;
CREATE TRIGGER kept_from_only_moves_on BEFORE UPDATE ON kept_from WHEN NEW.at_ms < OLD.at_ms BEGIN
    SELECT raise(ABORT, 'what was forgotten can not be kept again');
END;;

-- Counted messages by quarter hours since 1970 (`slot`) and by steps of context (`above`, as in `unbilled`), with what
-- history shows of them (core.history.Figures).
CREATE TABLE forgotten_sums (
    slot          INTEGER NOT NULL,
    provider      TEXT NOT NULL,
    model         TEXT NOT NULL,
    above         INTEGER NOT NULL,
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
    PRIMARY KEY (slot, provider, model, above)
) STRICT, WITHOUT ROWID;;

-- Those of them that have no cost, as in `unbilled`.
CREATE TABLE forgotten_unbilled (
    slot        INTEGER NOT NULL,
    provider    TEXT NOT NULL,
    model       TEXT NOT NULL,
    above       INTEGER NOT NULL,
    input       INTEGER NOT NULL,
    output      INTEGER NOT NULL,
    reasoning   INTEGER NOT NULL,
    cache_read  INTEGER NOT NULL,
    cache_write INTEGER NOT NULL,
    messages    INTEGER NOT NULL,
    PRIMARY KEY (slot, provider, model, above)
) STRICT, WITHOUT ROWID;;

-- By conversation: OpenCode 2.x's running total of one contains what is forgotten of it (core.auxiliary). `counted` is 0
-- for copies.
CREATE TABLE forgotten_conversations (
    conversation  TEXT NOT NULL,
    api           INTEGER NOT NULL,
    counted       INTEGER NOT NULL,
    input         INTEGER NOT NULL,
    output        INTEGER NOT NULL,
    reasoning     INTEGER NOT NULL,
    cache_read    INTEGER NOT NULL,
    cache_write   INTEGER NOT NULL,
    cost_microusd INTEGER NOT NULL,
    messages      INTEGER NOT NULL,
    PRIMARY KEY (conversation, api, counted)
) STRICT, WITHOUT ROWID;;

-- The user's prompts, and requests for titles, by quarter hours.
CREATE TABLE forgotten_requests (
    slot    INTEGER PRIMARY KEY,
    prompts INTEGER NOT NULL,
    titles  INTEGER NOT NULL
) STRICT;;

-- `what` is 'counted', 'copy', or 'unknown' where its tokens are; 'prompt' and 'title' are no messages, and have the word
-- and a colon before their ids. `took_ms` is from its beginning to its end: by the two instants a copy knows its original.
CREATE TABLE forgotten_ids (
    id         TEXT PRIMARY KEY,
    what       TEXT NOT NULL CHECK (what IN ('counted', 'copy', 'unknown', 'prompt', 'title')),
    api        INTEGER NOT NULL,
    created_ms INTEGER,
    took_ms    INTEGER
) STRICT, WITHOUT ROWID;;

DROP TRIGGER messages_stay;;
-- A row is deleted only when it is in the sums above: what OpenCode forgets was spent all the same.
CREATE TRIGGER messages_stay BEFORE DELETE ON messages
WHEN NOT EXISTS (SELECT 1 FROM forgotten_ids WHERE id = OLD.message) BEGIN
    SELECT raise(ABORT, 'a message is never deleted from the ledger');
END;;

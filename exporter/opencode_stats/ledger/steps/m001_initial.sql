-- The first schema. Statements end with two semicolons, because a trigger's body has single ones.
-- Instants are Unix milliseconds; NULL is "unknown", which is never zero. The columns of a primary key come first and in
-- its order: else quick_check of SQLite 3.40.0 to 3.41.0 takes sound rows without rowid for damaged ones.

-- One process of OpenCode. `key` is boot id, pid namespace, pid and start ticks (core.events.ProcessKey).
CREATE TABLE processes (
    key            TEXT PRIMARY KEY,
    pid            INTEGER NOT NULL,
    boot_id        TEXT,
    pid_ns         TEXT,
    start_ticks    INTEGER,
    api            INTEGER NOT NULL,
    plugin_version TEXT,
    host_version   TEXT,
    started_ms     INTEGER NOT NULL,
    last_event_ms  INTEGER NOT NULL,
    bye_ms         INTEGER,
    ended_ms       INTEGER
) STRICT;;
CREATE INDEX processes_live ON processes (key) WHERE ended_ms IS NULL;;

-- One run: a process, or with OpenCode 2.x one workspace in a server process.
CREATE TABLE runs (
    id               INTEGER PRIMARY KEY,
    uid              TEXT NOT NULL UNIQUE,
    process          TEXT NOT NULL REFERENCES processes (key),
    directory        TEXT,
    started_ms       INTEGER NOT NULL,
    last_activity_ms INTEGER NOT NULL,
    last_prompt_ms   INTEGER NOT NULL DEFAULT 0,
    idle_since_ms    INTEGER,
    ended_ms         INTEGER
) STRICT;;
CREATE INDEX runs_process ON runs (process);;
CREATE INDEX runs_live ON runs (id) WHERE ended_ms IS NULL;;
CREATE INDEX runs_recency ON runs (last_prompt_ms, started_ms, uid);;
CREATE INDEX runs_started ON runs (started_ms);;

CREATE TABLE workspaces (
    run       INTEGER NOT NULL REFERENCES runs (id),
    directory TEXT NOT NULL,
    worktree  TEXT,
    project   TEXT,
    opened_ms INTEGER NOT NULL,
    closed_ms INTEGER,
    PRIMARY KEY (run, directory)
) STRICT, WITHOUT ROWID;;

-- What OpenCode calls a session. `usage_*` is OpenCode 2.x's own running total.
CREATE TABLE conversations (
    conversation TEXT PRIMARY KEY,
    parent       TEXT,
    fork_of      TEXT,
    directory    TEXT,
    project      TEXT,
    agent        TEXT,
    host_version TEXT,
    created_ms   INTEGER,
    deleted_ms   INTEGER,
    compacted_ms INTEGER,
    run          INTEGER REFERENCES runs (id),
    busy         INTEGER NOT NULL DEFAULT 0,
    last_prompt  TEXT,
    error        TEXT,
    usage_input           INTEGER,
    usage_output          INTEGER,
    usage_reasoning       INTEGER,
    usage_cache_read      INTEGER,
    usage_cache_write     INTEGER,
    usage_cost_microusd   INTEGER
) STRICT, WITHOUT ROWID;;
CREATE INDEX conversations_busy ON conversations (run) WHERE busy = 1;;
CREATE INDEX conversations_parent ON conversations (parent) WHERE parent IS NOT NULL;;

-- One assistant message: one request to a model. The rules are in core.usage.
CREATE TABLE messages (
    id             INTEGER PRIMARY KEY,
    message        TEXT NOT NULL UNIQUE,
    conversation   TEXT NOT NULL,
    run            INTEGER REFERENCES runs (id),
    origin         TEXT NOT NULL CHECK (origin IN ('live', 'imported')),
    standing       TEXT NOT NULL CHECK (standing IN ('counted', 'pending', 'copy')),
    state          TEXT NOT NULL CHECK (state IN ('final', 'unfinished', 'aborted', 'failed')),
    api            INTEGER NOT NULL,
    stage          TEXT NOT NULL CHECK (stage IN ('created', 'usage', 'completed')),
    event          TEXT NOT NULL,
    created_seen   INTEGER NOT NULL,
    first_at_ms    INTEGER NOT NULL,
    counted_at_ms  INTEGER NOT NULL,
    parent         TEXT,
    agent          TEXT,
    provider       TEXT,
    model          TEXT,
    variant        TEXT,
    directory      TEXT,
    root           TEXT,
    input          INTEGER,
    output         INTEGER,
    reasoning      INTEGER,
    cache_read     INTEGER,
    cache_write    INTEGER,
    cost_microusd  INTEGER,
    created_ms     INTEGER,
    completed_ms   INTEGER,
    finish         TEXT,
    error          TEXT,
    summary        INTEGER NOT NULL
) STRICT;;
CREATE INDEX messages_pending ON messages (conversation) WHERE standing = 'pending';;
CREATE INDEX messages_counted_at ON messages (counted_at_ms);;

CREATE TABLE prompts (
    conversation TEXT NOT NULL,
    message      TEXT NOT NULL,
    run          INTEGER REFERENCES runs (id),
    at_ms        INTEGER NOT NULL,
    agent        TEXT,
    provider     TEXT,
    model        TEXT,
    PRIMARY KEY (conversation, message)
) STRICT, WITHOUT ROWID;;

-- Requests for a title: OpenCode 1.x reports their tokens nowhere, so they are counted and called unreported.
CREATE TABLE title_requests (
    conversation TEXT NOT NULL,
    message      TEXT NOT NULL,
    run          INTEGER REFERENCES runs (id),
    at_ms        INTEGER NOT NULL,
    provider     TEXT,
    model        TEXT,
    PRIMARY KEY (conversation, message)
) STRICT, WITHOUT ROWID;;
CREATE INDEX title_requests_run ON title_requests (run);;
CREATE INDEX title_requests_at ON title_requests (at_ms);;

-- Counts that would take a scan: `title_requests`.
CREATE TABLE counters (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;;
CREATE TRIGGER title_requests_added AFTER INSERT ON title_requests BEGIN
    INSERT INTO counters VALUES ('title_requests', 1) ON CONFLICT DO UPDATE SET value = value + 1;
END;;

-- Permissions and questions that OpenCode put to the user.
CREATE TABLE requests (
    request      TEXT PRIMARY KEY,
    kind         TEXT NOT NULL CHECK (kind IN ('permission', 'question')),
    about        TEXT,
    conversation TEXT,
    run          INTEGER REFERENCES runs (id),
    opened_ms    INTEGER NOT NULL,
    closed_ms    INTEGER
) STRICT, WITHOUT ROWID;;
CREATE INDEX requests_open ON requests (run) WHERE closed_ms IS NULL;;
CREATE INDEX requests_open_of ON requests (conversation) WHERE closed_ms IS NULL;;

CREATE TABLE attention (
    id           TEXT PRIMARY KEY,
    kind         TEXT NOT NULL,
    run          INTEGER NOT NULL REFERENCES runs (id),
    conversation TEXT,
    workspace    TEXT,
    at_ms        INTEGER NOT NULL,
    closed_ms    INTEGER
) STRICT, WITHOUT ROWID;;
CREATE INDEX attention_open ON attention (at_ms) WHERE closed_ms IS NULL;;
CREATE INDEX attention_open_of ON attention (conversation) WHERE closed_ms IS NULL;;

-- How far each spool file is read; committed together with what was read.
CREATE TABLE cursors (
    file         TEXT PRIMARY KEY,
    device       INTEGER NOT NULL,
    inode        INTEGER NOT NULL,
    head         BLOB NOT NULL,
    offset_bytes INTEGER NOT NULL,
    process      TEXT REFERENCES processes (key)
) STRICT, WITHOUT ROWID;;

-- Bad lines; neighbours that are bad for the same reason are one row. Only the reason is here; the bytes are kept in the quarantine folder.
CREATE TABLE quarantine (
    file         TEXT NOT NULL,
    device       INTEGER NOT NULL,
    inode        INTEGER NOT NULL,
    offset_bytes INTEGER NOT NULL,
    length_bytes INTEGER NOT NULL,
    lines        INTEGER NOT NULL,
    reason       TEXT NOT NULL,
    kept_as      TEXT,
    at_ms        INTEGER NOT NULL,
    PRIMARY KEY (file, device, inode, offset_bytes)
) STRICT, WITHOUT ROWID;;
CREATE INDEX quarantine_at ON quarantine (at_ms);;

-- Lines that the plugin could not keep.
CREATE TABLE losses (
    process  TEXT NOT NULL,
    first_ms INTEGER NOT NULL,
    reason   TEXT NOT NULL,
    last_ms  INTEGER NOT NULL,
    lines    INTEGER NOT NULL,
    PRIMARY KEY (process, first_ms, reason)
) STRICT, WITHOUT ROWID;;

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
END;;

-- A row is never deleted: what OpenCode forgets was spent all the same.
CREATE TRIGGER messages_stay BEFORE DELETE ON messages BEGIN
    SELECT raise(ABORT, 'a message is never deleted from the ledger');
END;;

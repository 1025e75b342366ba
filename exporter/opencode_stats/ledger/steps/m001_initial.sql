-- The first schema. Statements end with two semicolons, because a trigger's body has single ones.
-- Instants are Unix milliseconds; NULL is "unknown", which is never zero. The columns of a primary key come first and in
-- its order: else quick_check of SQLite 3.40.0 to 3.41.0 takes sound rows without rowid for damaged ones.

-- By this a ledger is told from any other SQLite database ("OCst", ledger.soundness).
PRAGMA application_id = 0x4F437374;;

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

-- What OpenCode calls a session. `usage_*` is OpenCode 2.x's own running total. `takeover` is what 2.x did with it: 0 made
-- it, 1 took it over from 1.x, 2 the same, but 1.x's tables have it no more; NULL is not known yet. `legacy_*` is what
-- 1.x's tables held of it, which 2.x's running total began with.
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
    usage_cost_microusd   INTEGER,
    takeover              INTEGER,
    legacy_input          INTEGER NOT NULL DEFAULT 0,
    legacy_output         INTEGER NOT NULL DEFAULT 0,
    legacy_reasoning      INTEGER NOT NULL DEFAULT 0,
    legacy_cache_read     INTEGER NOT NULL DEFAULT 0,
    legacy_cache_write    INTEGER NOT NULL DEFAULT 0,
    legacy_cost_microusd  INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;;
CREATE INDEX conversations_busy ON conversations (run) WHERE busy = 1;;
CREATE INDEX conversations_parent ON conversations (parent) WHERE parent IS NOT NULL;;

-- One assistant message: one request to a model. The rules are in core.usage. `guard` is made of the row's figures and
-- instants, so that one of them that changes on the disk is found (ledger.soundness); SQLite makes it at every write. A
-- flipped bit moves a figure by a power of two, which the prime 2^31-1 never divides; each has a factor of its own.
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
    summary        INTEGER NOT NULL,
    guard          INTEGER NOT NULL GENERATED ALWAYS AS (
        ifnull(input, -1) % 2147483647 * 3 + ifnull(output, -1) % 2147483647 * 5
        + ifnull(reasoning, -1) % 2147483647 * 7 + ifnull(cache_read, -1) % 2147483647 * 11
        + ifnull(cache_write, -1) % 2147483647 * 13 + ifnull(cost_microusd, -1) % 2147483647 * 17
        + counted_at_ms % 2147483647 * 19 + ifnull(created_ms, -1) % 2147483647 * 23
        + ifnull(completed_ms, -1) % 2147483647 * 29 + ifnull(run, -1) % 2147483647 * 31 + api * 37
    ) STORED
) STRICT;;
CREATE INDEX messages_pending ON messages (conversation) WHERE standing = 'pending';;
CREATE INDEX messages_counted_at ON messages (counted_at_ms);;
-- OpenCode 2.x's messages, for the two questions that are asked of them all the time: what a conversation's running
-- total contains, and which may still change in place. OpenCode 1.x's are not in them, so its events pay nothing.
CREATE INDEX messages_contained ON messages
    (conversation, input, output, reasoning, cache_read, cache_write, cost_microusd)
    WHERE api = 2 AND standing = 'counted' AND substr(message, 1, 10) != 'auxiliary:';;
CREATE INDEX messages_unsettled ON messages (message) WHERE api = 2 AND stage != 'completed';;

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

-- How far OpenCode's own databases have been read.
CREATE TABLE sources (
    path       TEXT PRIMARY KEY,
    message    INTEGER NOT NULL,
    message_id TEXT NOT NULL,
    event      INTEGER NOT NULL,
    event_id   TEXT NOT NULL,
    checked_ms INTEGER NOT NULL,
    row        INTEGER NOT NULL,
    row_id     TEXT NOT NULL
) STRICT, WITHOUT ROWID;;

-- How far OpenCode's JSON files from before version 1.2 have been read: one row a folder of messages. `folder_ns` is the
-- folder's own time of change, `newest_ns` the latest of its files; `open` counts messages that were not complete.
CREATE TABLE legacy_folders (
    path      TEXT PRIMARY KEY,
    folder_ns INTEGER NOT NULL,
    newest_ns INTEGER NOT NULL,
    open      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;;

-- Rows of OpenCode's databases that make no sense and are in no figure; one that is put right leaves.
CREATE TABLE rejected (
    path    TEXT NOT NULL,
    message TEXT NOT NULL,
    at_ms   INTEGER NOT NULL,
    PRIMARY KEY (path, message)
) STRICT, WITHOUT ROWID;;
CREATE INDEX rejected_at ON rejected (at_ms);;

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

-- Each time that the ledger was found damaged and made again (ledger.recovery). `folder` is where the damaged files are,
-- `base` the backup that was taken, `published` the totals that readers had been shown (JSON). What comes last is known
-- when all that is left of OpenCode's own storage has been read again.
CREATE TABLE recoveries (
    at_ms            INTEGER PRIMARY KEY,
    folder           TEXT NOT NULL,
    cause            TEXT NOT NULL,
    base             TEXT,
    published        TEXT NOT NULL,
    finished_ms      INTEGER,
    salvaged         INTEGER,
    missing_tokens   INTEGER,
    missing_messages INTEGER,
    missing_titles   INTEGER
) STRICT;;

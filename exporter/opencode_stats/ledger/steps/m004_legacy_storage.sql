-- How far OpenCode's JSON files from before version 1.2 have been read: one row a folder of messages. `folder_ns` is the
-- folder's own time of change, `newest_ns` the latest of its files; `open` counts messages that were not complete.
CREATE TABLE legacy_folders (
    path      TEXT PRIMARY KEY,
    folder_ns INTEGER NOT NULL,
    newest_ns INTEGER NOT NULL,
    open      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;;

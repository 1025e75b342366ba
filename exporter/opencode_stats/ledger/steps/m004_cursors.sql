-- What stood in the file before the cursor: a file that was cut short or written anew, and has grown past the cursor
-- since, is told by it. Empty for cursors from before this step, which are then told by the file's beginning alone.
ALTER TABLE cursors ADD COLUMN tail BLOB NOT NULL DEFAULT x'';;

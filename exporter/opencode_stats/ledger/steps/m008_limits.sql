-- Which threshold of which limit was passed in which window, so that it is told once, also after a restart. `limit_key`
-- is core.limits.Limit.key; `id` is the one under which it asks for attention.
CREATE TABLE limit_alerts (
    id        TEXT PRIMARY KEY,
    limit_key TEXT NOT NULL,
    name      TEXT NOT NULL,
    percent   INTEGER NOT NULL,
    start_ms  INTEGER NOT NULL,
    end_ms    INTEGER NOT NULL,
    at_ms     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;;
CREATE INDEX limit_alerts_of ON limit_alerts (limit_key, end_ms);;

-- Messages whose cost is not known, of which there are few: a limit in money asks for them at every publishing.
CREATE INDEX messages_costless ON messages (counted_at_ms)
    WHERE standing = 'counted' AND input IS NOT NULL AND cost_microusd IS NULL;;

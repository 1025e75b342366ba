-- The least of OpenCode 2.x's running totals that was ever told of a conversation, and when the first of them was: what
-- 2.x took over from 1.x is in each of them, so it is at most this.

ALTER TABLE conversations ADD COLUMN least_input INTEGER;;
ALTER TABLE conversations ADD COLUMN least_output INTEGER;;
ALTER TABLE conversations ADD COLUMN least_reasoning INTEGER;;
ALTER TABLE conversations ADD COLUMN least_cache_read INTEGER;;
ALTER TABLE conversations ADD COLUMN least_cache_write INTEGER;;
ALTER TABLE conversations ADD COLUMN least_cost_microusd INTEGER;;
ALTER TABLE conversations ADD COLUMN least_at_ms INTEGER;;
-- When 2.x had taken over what was in 1.x's tables; NULL is not known.
ALTER TABLE conversations ADD COLUMN takeover_ms INTEGER;;
UPDATE conversations SET least_input = usage_input, least_output = usage_output, least_reasoning = usage_reasoning,
    least_cache_read = usage_cache_read, least_cache_write = usage_cache_write,
    least_cost_microusd = usage_cost_microusd WHERE usage_input IS NOT NULL;;

-- Compactions that 2.x took over from 1.x without their figures, by the ids of the user messages that asked for them, of
-- whose answers the ledger knew nothing then: the running total has those figures, should a line still tell them.
CREATE TABLE untold_compactions (
    request      TEXT PRIMARY KEY,
    conversation TEXT NOT NULL
) STRICT, WITHOUT ROWID;;

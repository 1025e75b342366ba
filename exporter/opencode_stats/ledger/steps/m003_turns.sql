-- How long the turn took that asks for attention; NULL for what is no turn, and for turns from before this step.
ALTER TABLE attention ADD COLUMN turn_ms INTEGER;;

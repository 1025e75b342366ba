"""The exporter at work: composition and the loop. Nothing clever lives here; what it calls does."""

"""The ledger: our SQLite database, in which each fact is kept once. Only this package speaks SQL about it.

Running sums (by model over everything, by run, by quarter hour) are kept by triggers in the same transaction as the row
that moves them, so they can neither be forgotten nor lag; ``verify`` re-derives them from the rows.
Rules about what counts are not here but in ``core.usage``.
"""

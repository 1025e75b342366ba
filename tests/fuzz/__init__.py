"""Fuzzing: what comes from outside, spoiled in every way we know, against a second, simple reading of the same bytes.

    python -m tests.fuzz                      # all of it, in full (make fuzz); some ten minutes
    python -m tests.fuzz lines --inputs 1000  # one room, so many inputs
    python -m tests.fuzz reader --seed 7      # again what a seed made

Every input comes from (seed, number), so a finding is repeated by the seed that was printed. A slice of each room runs
in the normal suite (``test_*.py`` here): once with a fixed seed and once with a new one.

Mutations are our own and not coverage-guided: the parser under ``contract.line`` is compiled (pydantic-core), so a
tracer of Python sees three branches of it. What finds defects here is the second reading, ``reference_line`` and
``reference_database``, written from the documents with the standard library alone.
"""

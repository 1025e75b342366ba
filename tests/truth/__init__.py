"""A model of truth: made-up OpenCode histories of any size, with the exact truth of what was spent.

    past = history(seed=7, size=Size(messages=200, era="migrated"))
    truth_of(past).tokens                      # what every source together must come to
    spool(past, Faults(reordered=True))        # what the plugin would have written, per process
    write_database(past, path)                  # OpenCode's own, as it stands at the end; also write_v1, write_v2
    write_storage(past, folder)                # the JSON files of OpenCode before 1.2

The same seed gives the same history, and a smaller one is the beginning of a larger one of the same seed and chances:
so growth is two histories of one seed. ``histories()`` is the Hypothesis strategy.
"""

"""What drives the real OpenCode in a scratch home: for the end-to-end tests, the benchmarks and ``make demo``.

What lives here: fetching OpenCode, scratch homes, processes that always end, OpenCode's three faces (``run``,
``serve``, the TUI on a pseudo-terminal), and the exporter's command line. No assertions about figures, no pytest, and
only the standard library: the demo uses it too. Nothing here touches the home of the user who runs it.
"""

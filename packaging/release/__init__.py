"""Makes everything that is handed out, by ``make dist``: nothing in it is written by hand twice.

Here live the makers of packages, the man page and the completions. They read the checkout and the program's own
commands, take every time from one number (``SOURCE_DATE_EPOCH``, else the last commit), and so give the same bytes for
the same commit. Nothing of this is installed.
"""

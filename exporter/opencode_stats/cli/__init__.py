"""The command line: parse, call, print, exit code. What is printed is made in ``render``, which is pure.

Each command lives in a module of its own, imported when it is called: printing the current figures must not pay for
pydantic, watchfiles, filelock, psutil or asyncio (DESIGN §4).
"""

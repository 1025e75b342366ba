"""Machines for the tests: Debian's folders, laid open for each test anew."""

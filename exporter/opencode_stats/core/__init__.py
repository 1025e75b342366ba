"""The rules: what a token count is, which snapshot wins, what is a copy, which day it is, what readers see.

Pure: no I/O, no clock, no logging, nothing third-party; import-linter holds that. Every function answers from its
arguments alone, so every rule here can be read, and tested, in one place.
"""

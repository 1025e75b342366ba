"""Benchmarks: `make bench` prints figures and, for each, the ratio to something measured in the same run."""

"""Readers of stats.json as somebody else would write them: from the documented format alone, without our code."""

"""Plausible statistics for people who build readers of stats.json: what an imagined OpenCode does, told by its plugin.

Everything here ends in lines of the spool; the figures are made of them by the exporter that makes everybody's. Nothing
here writes stats.json, and nothing here is imported by the exporter.
"""

"""What tests share: scripts of events, a clock told by hand, file calls that fail on demand, ledgers to look into."""

"""What people read, made from what programs read. Pure: no terminal, no clock, no files."""

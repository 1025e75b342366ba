"""A real Plasma without a screen, in a folder made of Debian's packages."""

"""A real GNOME Shell without a screen, in a folder made of Debian's packages."""

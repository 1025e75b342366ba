"""What the exporter says by itself: notifications on the desktop, the user's own command, figures on the bus."""

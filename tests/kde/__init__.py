"""The widget in a real KDE Plasma; ``python -m tests.kde`` runs it (``make kde``)."""

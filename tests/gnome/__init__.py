"""Tests in real GNOME Shells; ``python -m tests.gnome`` runs them (docs/gnome.md)."""

"""Landmarks from and to the files of other tools; one module for each format (formats.md 2-7)."""

"""Attacks that came through once: each test says what is refused, so that the folder reads as a list."""

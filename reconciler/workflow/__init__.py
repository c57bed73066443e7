"""validate, plan and apply as plain functions that read like the picture: files → desired → plan → report.

Each takes a session and values and returns values; nothing here parses options, asks, or prints.
"""

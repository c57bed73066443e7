"""Walks a plan window by window: durable intent, write, read back, settle; says truthfully what became of each change."""

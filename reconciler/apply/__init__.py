"""Walks a plan window by window: intent, write, read back, settle; says truthfully what became of each change."""

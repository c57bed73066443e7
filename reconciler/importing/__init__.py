"""Live numbers into the files of a configuration, as edits of their text."""

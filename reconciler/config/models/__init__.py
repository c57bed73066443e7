"""The shape of configuration files as pydantic models: what is allowed where, with descriptions for editors.

Knows no files, no places and no meaning across entries.
"""

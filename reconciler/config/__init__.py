"""Configuration files to checked settings and desired values; see `load`."""

"""Where the record lives: one file a backend, one interface in `base`."""

"""Break one line at a time and see whether the suite notices: `python -m tests.mutants`."""

"""Speed, measured as ratios against a peer or a bound in the same run: `make bench`.

A module here that has a function `rows()` takes part; the function yields `Row`s as they are measured.
"""

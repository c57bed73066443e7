"""One folder a vendor; `base` is what they have in common, `opening` opens one for an account."""

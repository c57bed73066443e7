"""The rules of the code's structure, as functions over a source tree that return what breaks them."""

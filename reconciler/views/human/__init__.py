"""Values as people read them: plain lines, aligned, at 80 columns and more; one file a kind of value."""

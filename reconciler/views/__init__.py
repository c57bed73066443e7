"""Values to text, and the one place where text leaves the program; views decide nothing and read nothing."""

"""MTT Business: parking of numbers; import what is needed from its modules."""

"""MTS Exolve: call forwarding of numbers; import what is needed from its modules."""

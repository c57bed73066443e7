"""What a command found, told to the machines that run and review changes; a file a format."""

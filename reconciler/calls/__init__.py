"""Live calls: seen, placed and controlled at whoever offers it. No plan and no apply imports this."""

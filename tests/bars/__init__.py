"""Real status bars and a real terminal with our figures in them: that they show them, and their pictures."""

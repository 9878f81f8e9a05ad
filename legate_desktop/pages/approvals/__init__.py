"""What waits for a person's answer, what was answered, and the rules made from answers."""

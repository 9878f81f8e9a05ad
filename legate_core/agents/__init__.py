"""What an agent is, and what it does next: definitions, versions, and the pure loop."""

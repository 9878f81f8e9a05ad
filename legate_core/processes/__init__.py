"""Work in processes of its own: fed by frames, bounded in memory and time, and replaced when it dies."""

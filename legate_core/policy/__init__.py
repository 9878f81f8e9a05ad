"""May this happen? The verdict, the rules it rests on, and what an edit of them changes."""

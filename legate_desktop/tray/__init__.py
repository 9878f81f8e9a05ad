"""The tray: the mark with a count, and a menu of what waits and what runs."""

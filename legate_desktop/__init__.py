"""The desktop front end: a Qt window over the core, which it knows only through its client."""

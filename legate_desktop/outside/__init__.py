"""Legate outside its window: notifications, links, start at login, files dropped on it, one window per data folder."""

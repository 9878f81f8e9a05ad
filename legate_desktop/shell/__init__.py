"""The frame around the pages: one window, its sidebar, its toasts."""

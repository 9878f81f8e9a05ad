"""The pages, each a `state` that knows no widget and a `page` that has no opinion."""

"""Knowledge bases: real documents read, cut into chunks, indexed twice, and found again with their place."""

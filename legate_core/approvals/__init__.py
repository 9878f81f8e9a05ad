"""Questions to a person and their answers: what is asked, what an answer binds, who may give it."""

"""The connections of the HTTP port: how many, how long, and how much of each; `guarded` is the way in."""

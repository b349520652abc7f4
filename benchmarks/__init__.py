"""Scripts that print the figures the documents quote, as JSON."""

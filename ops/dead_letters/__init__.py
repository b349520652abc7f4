"""Dead letters as an operator sees them: listed, shown, and made new tasks."""

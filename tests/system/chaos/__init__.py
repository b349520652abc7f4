"""The chaos run: filings go through while what carries them is killed, cut off and brought back."""

"""Forms: what a request may say, one file per noun."""

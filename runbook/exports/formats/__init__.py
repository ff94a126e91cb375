"""One export format per file, each as FORMAT."""

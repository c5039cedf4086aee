"""How the store's tables came to be, step by step; each step goes both ways. Their names are those of revisions."""

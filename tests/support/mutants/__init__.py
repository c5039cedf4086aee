"""Mutants: the program with one thing wrong, which its tests must notice."""

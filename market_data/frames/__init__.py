"""Stored data as DataFrames, for notebooks and scripts."""

"""Folds: parameters searched in one part of the past and tried in another, which the search has not seen."""

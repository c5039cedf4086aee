"""Programs and pools over the interface: kept, checked, tried and run."""

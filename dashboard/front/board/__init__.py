"""What all pages of the dashboard share: where they stand, how they ask, how they are told."""

"""What wakes a program: signal pools, schedules, and the regime of a market."""

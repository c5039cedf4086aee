"""What a trial is worth: figures, expressions over them, composite scores."""

"""What makes two runs the same run: hashes of what went in and of what came out, and the code between."""

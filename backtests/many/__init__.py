"""Many runs of one base: their settings varied, their candles shared, made by several processes."""

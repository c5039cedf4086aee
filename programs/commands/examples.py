"""What stands below the arguments of a verb."""

import argparse


def explain(parser: argparse.ArgumentParser, text: str) -> None:
    """Put a text with examples below the arguments."""
    parser.formatter_class, parser.epilog = argparse.RawDescriptionHelpFormatter, text

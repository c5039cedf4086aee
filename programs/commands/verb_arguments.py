"""What the arguments of all verbs have alike."""

import argparse

from core.settings_problem import shown


def explain(parser: argparse.ArgumentParser, text: str) -> None:
    """Put a text with examples below the arguments."""
    parser.formatter_class, parser.epilog = argparse.RawDescriptionHelpFormatter, text


def listed(text: str) -> list[str]:
    """Return what stands between commas; nothing between them is refused, since nobody can tell what was meant."""
    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        raise argparse.ArgumentTypeError(f"{shown(text)} — allowed: names with one comma between them, such as A,B")
    return parts

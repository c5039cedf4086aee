"""``python -m alerts``."""

import sys

from alerts.command import main

if __name__ == "__main__":
    sys.exit(main())

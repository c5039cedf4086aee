"""Live paper trading: ``python run_live.py --help`` describes the command."""

import sys

from live.command_line import main

if __name__ == "__main__":
    sys.exit(main())

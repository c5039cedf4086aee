"""Where pools lie in files: those of the working directory, then those that are shipped."""

from pathlib import Path

from strategies.programs.triggers.pool_files import FOLDER

SHIPPED = Path(__file__).resolve().parent / "pools"
FOLDERS = (Path(FOLDER), SHIPPED)
"""The folders in which a pool is looked for by its id, one after the other."""

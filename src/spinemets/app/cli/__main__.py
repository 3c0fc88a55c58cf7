"""`python -m spinemets.app.cli` is the command `spinemets`."""

import sys

from spinemets.app.cli.main import main

if __name__ == "__main__":
    sys.exit(main())

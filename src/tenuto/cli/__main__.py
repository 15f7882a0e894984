"""`python -m tenuto.cli`."""

import sys

from tenuto.cli import main

sys.exit(main())

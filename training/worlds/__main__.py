"""`python -m training.worlds BOOK OUT` cuts a labelled book in time."""

import sys

from training.worlds.split import main

sys.exit(main())

"""`python -m personalize_contract` is the command `personalize-contract`."""

import sys

from personalize_contract.cli import main

sys.exit(main())

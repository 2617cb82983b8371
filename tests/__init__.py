"""The tests of leadops.

Byte-code is kept also where PYTHONDONTWRITEBYTECODE is set: without it each worker compiles every test, and
each process that a test starts compiles leadops.
"""

import os
import sys

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

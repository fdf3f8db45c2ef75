"""Poverty and targeting analysis for Kabupaten Kaur: from an office's files to one page per kecamatan."""

import os

__version__ = "0.1.0"

# Sums of linear algebra are added in an order that depends on the number of threads, and their last bits with it. One
# thread gives the same bytes on every number of cores (and was the faster); it must be said before numpy is loaded.
for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"

"""Validates the BagIt bag in a folder: bagit-validate.py <folder>. Prints "valid", or why it is not."""

import logging
import sys

import bagit

logging.disable(logging.CRITICAL)
try:
    bagit.Bag(sys.argv[1]).validate()
    print("valid")
except bagit.BagError as error:
    print(f"refused: {error}".replace("\n", " "))

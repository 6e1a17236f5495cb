#!/usr/bin/env python
import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if "--data" in sys.argv[:-1]:  # `up --data DIR`: the settings, which are read first, look there too
        os.environ["MILEPOST_DATA_DIR"] = sys.argv[sys.argv.index("--data") + 1]
    execute_from_command_line(sys.argv)

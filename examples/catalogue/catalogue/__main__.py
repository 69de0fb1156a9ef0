"""The command: python -m catalogue FILE DATASET_ARN."""

import sys
from pathlib import Path

from catalogue.products import read
from catalogue.upload import upload


def main() -> int:
    file, dataset = sys.argv[1:]
    report = upload(read(Path(file)), dataset)
    print(report)
    return 1 if report.refused else 0


if __name__ == "__main__":
    sys.exit(main())

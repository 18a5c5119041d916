#!/usr/bin/env bash
# Opens what the example `from_csv` has written for ArviZ with ArviZ itself, where Python has it: any that PYTHON names.
#
#     cargo run --release --example from_csv
#     tests/open_in_arviz.sh target/sleepstudy.json target/sleepstudy.csv
set -euo pipefail
python=${PYTHON:-python3}
if "$python" -c "import arviz" 2>/dev/null; then
    exec "$python" "${BASH_SOURCE[0]%.sh}.py" "$@"
fi
echo "$python has no ArviZ (pip install arviz): nothing was opened with it"

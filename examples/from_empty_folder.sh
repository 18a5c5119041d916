#!/usr/bin/env bash
# From an empty folder to a fit: a new crate that depends on this checkout by its path, with the README's second program as it
# stands there, and with `new_subject.rs`, which loads what the first has saved. Nothing is edited.
#
#     examples/from_empty_folder.sh
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# What is built already is not built again.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$here/target}

cd "$folder"
mkdir -p src/bin examples/data target
cp "$here/examples/data/sleepstudy.csv" examples/data
# The block of Rust in the README that reads a table.
awk '/^```rust/ { block = ""; inside = 1; next } /^```/ { if (inside && block ~ /csv::Reader/) printf "%s", block; inside = 0 }
     inside { block = block $0 "\n" }' "$here/README.md" > src/bin/from_csv.rs
cp "$here/examples/new_subject.rs" src/bin
cat > Cargo.toml <<TOML
[package]
name = "from_empty_folder"
version = "0.0.0"
edition = "2024"

[dependencies]
csv = "1"
hierarch = { path = "$here/core", features = ["arviz", "plots", "serde"] }
serde = { version = "1", features = ["derive"] }
TOML
# the same versions of all dependencies
cp "$here/Cargo.lock" .
cargo run --quiet --release --bin from_csv
for file in sleepstudy.svg sleepstudy.csv sleepstudy.json sleepstudy.fit; do
    [[ -s target/$file ]] || { echo "target/$file was not written"; exit 1; }
done
cargo run --quiet --release --bin new_subject
"$here/tests/open_in_arviz.sh" target/sleepstudy.json target/sleepstudy.csv

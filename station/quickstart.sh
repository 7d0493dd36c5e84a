#!/usr/bin/env bash
# From a bare Debian 12 to a first flashed line: installs the packages, builds Flashline, flashes a virtual line of
# eight Photons with the example recipe and prints the report. Safe to run again; writes only under build/.
set -euo pipefail
cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
. station/packaging/packages.sh

flashline=build/station/flashline
recipe=build/config/examples/photon.toml
database=build/quickstart/flashline.db

install_packages

say "Build: $flashline and the images of the example recipe"
cmake --preset default
cmake --build build --target flashline examples

say "Check: $flashline check $recipe"
"$flashline" check "$recipe"

say "Flash: eight virtual Photons in parallel, at the speed of real ones"
mkdir -p build/quickstart
"$flashline" flash "$recipe" --line virtual --units 8 --db "$database"

say "Report: $flashline report --db $database"
"$flashline" report --db "$database"

say "Audit: $flashline audit verify --db $database"
"$flashline" audit verify --db "$database"

say "Done. Next: $flashline --help"

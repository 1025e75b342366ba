#!/bin/sh
# Takes away what install.sh set up: `opencode-stats uninstall`, then the link and the virtual environment.
# The ledger with all figures stays; with --purge it goes, too.
set -eu

case ${XDG_DATA_HOME:-} in
    /*) data=$XDG_DATA_HOME/opencode-stats ;;
    *) data=$HOME/.local/share/opencode-stats ;;
esac
venv=$data/venv
link=$HOME/.local/bin/opencode-stats

if [ ! -x "$venv/bin/opencode-stats" ]; then
    if [ "${1:-}" = --purge ] && [ -e "$data/ledger.db" ]; then
        # A first uninstall left the ledger, as it says; this one was asked to remove that too.
        rm -f "$data/ledger.db" "$data/ledger.db-wal" "$data/ledger.db-shm"
        # What it could be made again from (install/removal.py has the same list).
        rm -rf "$data/backups" "$data/damaged" "$data/closed" "$data/ledger.recovering" "$data/ledger.recovered"
        rmdir "$data" 2> /dev/null || true
        echo "Removed the ledger $data/ledger.db."
        exit 0
    fi
    echo "make uninstall: there is nothing from make install in $venv." >&2
    exit 2
fi
"$venv/bin/opencode-stats" uninstall --yes "$@"
if [ "$(readlink "$link" || true)" = "$venv/bin/opencode-stats" ]; then
    rm "$link"
fi
rm -rf "$venv"
# Gone, too, where no ledger is left in it.
rmdir "$data" 2> /dev/null || true
echo "Removed $venv and $link."

#!/bin/sh
# Sets up opencode-stats for the user who runs this: a virtual environment of its own below the user's data folder, a
# link in ~/.local/bin, then `opencode-stats setup`. Run it again to upgrade in place. PYTHON names another interpreter.
set -eu
cd "$(dirname "$0")/.."

fail() {
    echo "make install: $*" >&2
    exit 2
}

# An XDG variable that is not an absolute path is ignored, as its specification demands.
case ${XDG_DATA_HOME:-} in
    /*) data=$XDG_DATA_HOME/opencode-stats ;;
    *) data=$HOME/.local/share/opencode-stats ;;
esac
venv=$data/venv
bin=$HOME/.local/bin
link=$bin/opencode-stats
python=${PYTHON:-python3}

if [ "$(id -u)" = 0 ] && [ -n "${SUDO_USER:-}" ] && [ "$SUDO_USER" != root ]; then
    fail "sudo would set it up for root. Run it as $SUDO_USER; no special rights are needed."
fi
command -v "$python" > /dev/null || fail "$python is not installed. On Debian and Ubuntu: apt install python3 python3-venv"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$("$python" --version) is too old; 3.11 or newer is needed. Name another one: make install PYTHON=python3.12"
"$python" -c 'import ensurepip, venv' 2> /dev/null ||
    fail "$python can't make virtual environments. On Debian and Ubuntu: apt install python3-venv"
if [ -e "$link" ] || [ -L "$link" ]; then
    [ "$(readlink "$link" || true)" = "$venv/bin/opencode-stats" ] ||
        fail "$link is not from make install. Move it away, then run this again."
fi

# One that does not work any more (its interpreter was upgraded away) is made anew.
if ! "$venv/bin/python" -m pip --version > /dev/null 2>&1; then
    echo "Making a virtual environment in $venv …"
    (umask 077 && mkdir -p "$data")
    "$python" -m venv --clear "$venv"
fi
echo "Installing opencode-stats into it …"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --upgrade '.[desktop]' ||
    fail "pip could not install it; what it says is above. Without a network it can't load what is needed."
if [ ! -L "$link" ]; then
    mkdir -p "$bin"
    ln -s "$venv/bin/opencode-stats" "$link"
fi

status=0
"$link" setup --yes || status=$?
case :$PATH: in
    *:"$bin":*) ;;
    *) echo "$bin is not on your PATH. Add it to your shell's profile, or call $link." ;;
esac
echo
"$link" || status=$?
exit "$status"

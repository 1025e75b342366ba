#!/bin/sh
# programs.sh: see that the programs are there that the tests drive; root on a Debian machine gets those that are not.
set -eu
missing=
need() { # PROGRAM PACKAGE
    command -v "$1" > /dev/null || missing="$missing $2"
}
need tmux tmux
need dbus-daemon dbus-daemon
need systemctl systemd
need systemd-analyze systemd
need unshare util-linux
need setpriv util-linux
need gjs gjs
need jq jq
need cargo cargo
need node nodejs
set -- /usr/share/cargo/registry/serde_json-*
[ -d "$1" ] || missing="$missing librust-serde-json-dev"
need ip iproute2
need man man-db
need dpkg-deb dpkg
[ -d /usr/share/zoneinfo ] || missing="$missing tzdata"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    echo "installing:$missing"
    apt-get update -qq
    # shellcheck disable=SC2086  # several words
    DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends $missing > /dev/null
else
    echo "the tests need these packages (their names in Debian):$missing" >&2
    exit 1
fi

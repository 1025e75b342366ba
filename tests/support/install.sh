# install.sh: to be read (`.`) by a script that sees which programs are there; root on a Debian machine gets the others.
missing=
need() { # PROGRAM PACKAGE
    command -v "$1" > /dev/null || missing="$missing $2"
}
install_missing() { # WHAT NEEDS THEM
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
        echo "installing:$missing"
        apt-get update -qq
        # shellcheck disable=SC2086  # several words
        DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends $missing > /dev/null
    else
        echo "$1 need these packages (their names in Debian):$missing" >&2
        return 1
    fi
}

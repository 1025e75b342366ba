#!/bin/sh
# user_manager.sh RUNTIME CGROUP: become a real `systemd --user` that nothing outside of this process's own mounts sees.
# systemd wants to have been booted; in here, and only in here, it looks as if it had been.
set -eu
runtime=$1 cgroup=$2
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system
for tree in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
    if [ -f "$tree/cgroup.procs" ]; then
        mkdir "$tree/$cgroup"
        echo $$ > "$tree/$cgroup/cgroup.procs"
    fi
done
export XDG_RUNTIME_DIR="$runtime"
# Without any capability, as a user's manager is; the files are still those of the user who runs the tests.
exec setpriv --bounding-set=-all --inh-caps=-all --no-new-privs /lib/systemd/systemd --user --log-target=console

#!/bin/sh
# What OpenCode spends, from stats.json, with nothing but sh and jq.
set -eu
file="${XDG_DATA_HOME:-$HOME/.local/share}/opencode/stats.json"
if [ ! -e "$file" ]; then
    echo "no figures yet"
    exit 0
fi
# One look is enough: the file is replaced as a whole, so nobody ever sees half of it.
exec jq -r '
    # Names come from providers as they are: nothing that a terminal obeys may get out, nor a line without an end.
    def shown: gsub("[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"; "?") | .[0:40];
    def money: (. * 100 | round) as $cents
        | "$\($cents / 100 | floor).\($cents % 100 | if . < 10 then "0\(.)" else "\(.)" end)";
    if .schemaVersion != 1 then "a format that is newer than this reader" | halt_error(1) else
        "\(.session.state): \(.session.totalTokens) tokens (\(.session.totalCost | money)) this session, "
        + "\(.daily.totalTokens) today, \(.total.totalTokens) in total",
        # The models are there by tokens, the largest first; some versions of jq forget the order of keys.
        (.session.tokensByModel | to_entries | sort_by(-.value)[:3][] | "  \(.key | shown) \(.value)")
    end' "$file"

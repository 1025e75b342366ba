// SPDX-License-Identifier: MIT
// QML reads no files, so two small commands of sh do. Nothing in them comes from stats.json.

import {MOST_BYTES, readDocument, troubled} from './document.mjs';

const NOT_THERE = 3;

/** Prints stats.json, and not without end. */
export function readCommand(file) {
    return `[ -e ${quoted(file)} ] || exit ${NOT_THERE}; exec head -c ${MOST_BYTES + 1} ${quoted(file)}`;
}

/** What came of it, as readDocument(). */
export function readResult(exitCode, printed) {
    if (exitCode === 0)
        return readDocument(printed);
    return troubled(exitCode === NOT_THERE ? 'missing' : 'unreadable');
}

/** Ends with 0 where no exporter holds its lock. A lock that is not there is not made. */
export function lockCommand(lock) {
    return `[ -e ${quoted(lock)} ] || exit 0; exec flock -sn ${quoted(lock)} true`;
}

function quoted(path) {
    return `'${path.replace(/'/g, '\'\\\'\'')}'`;
}

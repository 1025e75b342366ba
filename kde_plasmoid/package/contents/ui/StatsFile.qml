// SPDX-License-Identifier: MIT
// Follows stats.json. The exporter's stamp is alone in its folder, which is watched (inotify, without a poll); a change
// has the file read, at most four times a second. Once a minute it is read in any case: for a file system that tells of
// no changes, for a home whose path has #, ? or %, which Qt can't watch, for another writer, which keeps no stamp, and to
// notice that the exporter is gone.
import QtCore
import QtQuick
import Qt.labs.folderlistmodel
import org.kde.plasma.plasma5support as Plasma5Support
import "../code/commands.mjs" as Commands
import "../code/view.mjs" as View

Item {
    id: file

    property var reading: View.NOTHING_READ

    readonly property string home: path(place(StandardPaths.HomeLocation))
    // Qt knows the place of state since 6.7.
    readonly property string state: (StandardPaths.GenericStateLocation === undefined
        ? `${place(StandardPaths.HomeLocation)}/.local/state` : place(StandardPaths.GenericStateLocation)) + "/opencode-stats"
    readonly property string readCommand: Commands.readCommand(path(`${place(StandardPaths.GenericDataLocation)}/opencode/stats.json`))
    readonly property string lockCommand: Commands.lockCommand(path(`${state}/lock`))

    property string printed
    property bool isReading: false
    property bool isAskedAgain: false

    /** As a URL. */
    function place(location) {
        return String(StandardPaths.writableLocation(location));
    }

    function path(url) {
        return decodeURIComponent(url.replace("file://", ""));
    }

    function look() {
        isAskedAgain = isReading || rest.running;
        if (isAskedAgain)
            return;
        isReading = true;
        programs.connectSource(readCommand);
    }

    function take(exitCode, content) {
        isReading = false;
        rest.start();
        const isSame = exitCode === 0 && reading.trouble === null && content === printed;
        if (isSame)
            return;
        printed = content;
        const found = Commands.readResult(exitCode, content);
        // The figures of before stay where a file is damaged; those of another format are not known to be right.
        const isDamaged = found.document === null && found.trouble !== "newer" && found.trouble !== "missing";
        reading = {document: isDamaged ? reading.document : found.document, trouble: found.trouble, isOld: false};
        askForExporter();
    }

    function askForExporter() {
        if (reading.document !== null && View.areKept(reading.document, Date.now()))
            programs.connectSource(lockCommand);
    }

    function takeLock(isFree) {
        if (reading.document !== null && reading.isOld !== isFree)
            reading = {document: reading.document, trouble: reading.trouble, isOld: isFree};
    }

    FolderListModel {
        id: stamp
        showDirs: false
        folder: `${file.state}/stamp`
        onStatusChanged: {
            if (status === FolderListModel.Ready)
                file.look();
        }
    }

    Plasma5Support.DataSource {
        id: programs
        engine: "executable"
        onNewData: (command, data) => {
            disconnectSource(command);
            if (command === file.lockCommand)
                file.takeLock(data["exit code"] === 0);
            else
                file.take(data["exit code"], data["stdout"]);
        }
    }

    Timer {
        id: rest
        interval: 250
        onTriggered: {
            if (file.isAskedAgain)
                file.look();
        }
    }

    Timer {
        // Sooner while figures are awaited.
        interval: file.reading.document === null ? 10000 : 60000
        running: true
        repeat: true
        triggeredOnStart: true
        onTriggered: {
            if (stamp.count === 0) { // a folder that was not there is not watched
                const folder = stamp.folder;
                stamp.folder = "";
                stamp.folder = folder;
            }
            file.look();
            file.askForExporter();
        }
    }
}

// SPDX-License-Identifier: MIT
import QtQuick
import org.kde.plasma.core as PlasmaCore
import org.kde.plasma.plasmoid
import "../code/view.mjs" as View

PlasmoidItem {
    id: root

    readonly property var speech: ({
        number: (value, places) => Number(value).toLocaleString(Qt.locale(), "f", places),
        moment: ms => {
            const at = new Date(ms);
            const isToday = at.toDateString() === new Date().toDateString();
            return isToday ? at.toLocaleTimeString(Qt.locale(), Locale.ShortFormat) : at.toLocaleDateString(Qt.locale(), Locale.ShortFormat);
        },
        home: stats.home,
    })
    readonly property var panel: View.panelView(stats.reading, Plasmoid.configuration.figure, Plasmoid.configuration.content, speech)

    Plasmoid.icon: Qt.resolvedUrl("../icons/opencode.svg")
    // Who waits is seen in a panel that hides itself, too.
    Plasmoid.status: ({
        waiting: PlasmaCore.Types.NeedsAttentionStatus,
        live: PlasmaCore.Types.ActiveStatus,
        resting: PlasmaCore.Types.PassiveStatus,
    })[panel.tone]
    toolTipMainText: "OpenCode"
    toolTipSubText: panel.spoken
    toolTipTextFormat: Text.PlainText

    compactRepresentation: PanelLabel {
        view: root.panel
        onOpened: root.expanded = !root.expanded
    }
    fullRepresentation: Popup {
        id: popup
        view: View.popupView(View.NOTHING_READ, root.speech)
        Binding on view {
            // Nobody looks at a popup that is closed.
            when: popup.Window.visibility !== Window.Hidden
            value: View.popupView(stats.reading, root.speech)
            restoreMode: Binding.RestoreNone
        }
    }

    StatsFile {
        id: stats
    }
}

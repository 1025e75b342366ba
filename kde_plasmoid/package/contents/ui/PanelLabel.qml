// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Layouts
import org.kde.kirigami as Kirigami
import org.kde.plasma.components as PlasmaComponents
import org.kde.plasma.core as PlasmaCore
import org.kde.plasma.plasmoid

MouseArea {
    id: panel

    /** As panelView() gives it. */
    required property var view
    signal opened

    readonly property bool isVertical: Plasmoid.formFactor === PlasmaCore.Types.Vertical
    readonly property bool isWaiting: view.tone === "waiting"

    Layout.minimumWidth: isVertical ? 0 : content.implicitWidth
    Layout.minimumHeight: isVertical ? content.implicitHeight : 0
    Accessible.name: view.spoken
    Accessible.role: Accessible.Button
    onClicked: opened()

    GridLayout {
        id: content
        anchors.fill: parent
        flow: panel.isVertical ? GridLayout.TopToBottom : GridLayout.LeftToRight
        columnSpacing: Kirigami.Units.smallSpacing
        opacity: panel.view.tone === "resting" ? 0.6 : 1

        Kirigami.Icon {
            source: Qt.resolvedUrl(panel.isWaiting ? "../icons/waiting.svg" : "../icons/opencode.svg")
            isMask: true
            color: label.color
            implicitWidth: Kirigami.Units.iconSizes.small
            implicitHeight: Kirigami.Units.iconSizes.small
            Layout.alignment: Qt.AlignCenter
        }
        PlasmaComponents.Label {
            id: label
            visible: text !== ""
            text: panel.view.text
            textFormat: Text.PlainText
            color: panel.isWaiting ? Kirigami.Theme.neutralTextColor : Kirigami.Theme.textColor
            horizontalAlignment: Text.AlignHCenter
            wrapMode: panel.isVertical ? Text.Wrap : Text.NoWrap
            font: panel.isVertical ? Kirigami.Theme.smallFont : Kirigami.Theme.defaultFont
            Layout.fillWidth: true
        }
    }
}

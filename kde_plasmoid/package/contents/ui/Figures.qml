// SPDX-License-Identifier: MIT
// A line of the popup: what it is about, its tokens, its cost.
import QtQuick
import QtQuick.Layouts
import org.kde.kirigami as Kirigami
import org.kde.plasma.components as PlasmaComponents

RowLayout {
    id: line

    required property string title
    property string detail
    property string tokens
    property string cost
    property bool isStrong: false

    spacing: Kirigami.Units.largeSpacing
    Layout.fillWidth: true

    // Names come from outside: they are never markup.
    PlasmaComponents.Label {
        text: line.title
        textFormat: Text.PlainText
        elide: Text.ElideMiddle
        font.bold: line.isStrong
        Layout.fillWidth: line.detail === ""
        Layout.maximumWidth: line.detail === "" ? Number.POSITIVE_INFINITY : line.width / 2
    }
    PlasmaComponents.Label {
        visible: line.detail !== ""
        text: line.detail
        textFormat: Text.PlainText
        elide: Text.ElideRight
        opacity: 0.7
        Layout.fillWidth: true
    }
    PlasmaComponents.Label {
        text: line.tokens
        textFormat: Text.PlainText
        horizontalAlignment: Text.AlignRight
        font.bold: line.isStrong
        Layout.minimumWidth: Kirigami.Units.gridUnit * 3
    }
    PlasmaComponents.Label {
        visible: line.cost !== ""
        text: line.cost
        textFormat: Text.PlainText
        horizontalAlignment: Text.AlignRight
        Layout.minimumWidth: Kirigami.Units.gridUnit * 4
    }
}

// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Layouts
import org.kde.kirigami as Kirigami
import org.kde.plasma.components as PlasmaComponents
import org.kde.plasma.extras as PlasmaExtras

Item {
    id: popup

    /** As popupView() gives it. */
    required property var view

    Layout.preferredWidth: Kirigami.Units.gridUnit * 22
    Layout.preferredHeight: Math.min(lines.implicitHeight + 2 * Kirigami.Units.largeSpacing, Kirigami.Units.gridUnit * 34)
    Layout.minimumWidth: Kirigami.Units.gridUnit * 16

    PlasmaComponents.ScrollView {
        id: scroll
        anchors.fill: parent
        anchors.margins: Kirigami.Units.largeSpacing
        contentWidth: availableWidth
        PlasmaComponents.ScrollBar.horizontal.policy: PlasmaComponents.ScrollBar.AlwaysOff

        ColumnLayout {
            id: lines
            width: scroll.availableWidth
            spacing: Kirigami.Units.smallSpacing

            RowLayout {
                visible: popup.view.notice !== null
                spacing: Kirigami.Units.largeSpacing
                Kirigami.Icon {
                    source: "dialog-warning"
                    implicitWidth: Kirigami.Units.iconSizes.medium
                    implicitHeight: Kirigami.Units.iconSizes.medium
                    Layout.alignment: Qt.AlignTop
                }
                PlasmaComponents.Label {
                    text: popup.view.notice === null ? "" : `${popup.view.notice.title}. ${popup.view.notice.sentence}`
                    textFormat: Text.PlainText
                    wrapMode: Text.Wrap
                    Layout.fillWidth: true
                }
            }
            Repeater {
                model: popup.view.sections
                Figures {
                    required property var modelData
                    title: modelData.title
                    detail: modelData.detail
                    tokens: modelData.tokens
                    cost: modelData.cost
                    isStrong: true
                }
            }
            PlasmaExtras.Heading {
                visible: popup.view.models.length > 0
                level: 4
                text: "Today's models"
                Layout.topMargin: Kirigami.Units.largeSpacing
            }
            Repeater {
                model: popup.view.models
                ColumnLayout {
                    id: model
                    required property var modelData
                    spacing: 0
                    Figures {
                        title: model.modelData.name
                        tokens: model.modelData.tokens
                        cost: model.modelData.cost
                    }
                    Rectangle {
                        color: Kirigami.Theme.highlightColor
                        radius: height / 2
                        implicitHeight: 3
                        implicitWidth: Math.max(height, parent.width * model.modelData.share)
                    }
                }
            }
            PlasmaComponents.Label {
                visible: text !== ""
                text: popup.view.moreModels
                textFormat: Text.PlainText
                opacity: 0.7
            }
            PlasmaExtras.Heading {
                visible: popup.view.runs.length > 0
                level: 4
                text: "Running"
                Layout.topMargin: Kirigami.Units.largeSpacing
            }
            Repeater {
                model: popup.view.runs
                RowLayout {
                    id: run
                    required property var modelData
                    Kirigami.Icon {
                        source: Qt.resolvedUrl(run.modelData.isWaiting ? "../icons/waiting.svg" : "../icons/opencode.svg")
                        isMask: true
                        color: run.modelData.isWaiting ? Kirigami.Theme.neutralTextColor : Kirigami.Theme.textColor
                        implicitWidth: Kirigami.Units.iconSizes.small
                        implicitHeight: Kirigami.Units.iconSizes.small
                    }
                    Figures {
                        title: run.modelData.title
                        detail: run.modelData.state
                        tokens: run.modelData.tokens
                    }
                }
            }
            PlasmaComponents.Label {
                visible: text !== ""
                text: popup.view.moreRuns
                textFormat: Text.PlainText
                opacity: 0.7
            }
            PlasmaComponents.Label {
                visible: text !== ""
                text: popup.view.changed
                textFormat: Text.PlainText
                font: Kirigami.Theme.smallFont
                opacity: 0.7
                Layout.topMargin: Kirigami.Units.largeSpacing
            }
        }
    }
}

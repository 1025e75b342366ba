// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Controls
import org.kde.kcmutils as KCM
import org.kde.kirigami as Kirigami

KCM.SimpleKCM {
    property string cfg_figure
    property string cfg_content
    // Plasma sets these, too.
    property string cfg_figureDefault
    property string cfg_contentDefault

    Kirigami.FormLayout {
        ComboBox {
            Kirigami.FormData.label: "Panel:"
            textRole: "text"
            valueRole: "value"
            model: [
                {value: "session", text: "This session"},
                {value: "today", text: "Today"},
                {value: "total", text: "Total"},
                {value: "all", text: "Session / today / total"},
            ]
            Component.onCompleted: currentIndex = indexOfValue(cfg_figure)
            onActivated: cfg_figure = currentValue
        }
        ComboBox {
            Kirigami.FormData.label: "Shown as:"
            textRole: "text"
            valueRole: "value"
            model: [
                {value: "tokens", text: "Tokens"},
                {value: "cost", text: "Cost"},
                {value: "both", text: "Tokens and cost"},
            ]
            Component.onCompleted: currentIndex = indexOfValue(cfg_content)
            onActivated: cfg_content = currentValue
        }
    }
}

// Prints what the widget would say of each stats.json that is named, one line of JSON for each.
import {readFileSync} from 'node:fs';

import {readDocument} from '../../../kde_plasmoid/package/contents/code/document.mjs';
import {panelView, popupView} from '../../../kde_plasmoid/package/contents/code/view.mjs';

const speech = {
    number: (value, places) => value.toLocaleString('en-US', {minimumFractionDigits: places, maximumFractionDigits: places}),
    moment: () => '',
    home: '',
};
for (const file of process.argv.slice(2)) {
    const read = readDocument(readFileSync(file, 'utf8'));
    const reading = {document: read.document, trouble: read.trouble, isOld: false};
    console.log(JSON.stringify({panel: panelView(reading, 'all', 'both', speech), popup: popupView(reading, speech)}));
}

// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check
import {readDocument} from '../lib/document.js';
import {readSection} from '../lib/models.js';
import {equal, test} from './harness.js';
import {raw} from './sample.js';

for (const [layout, space] of /** @type {const} */ ([['as the exporter lays it out', 1], ['in one line', 0], ['set in by four', 4]])) {
    test(`a section alone says what it says in the whole file, ${layout}`, () => {
        // Text that looks like the layout, which is written as an escape in JSON.
        const hostile = {...raw, daily: {...raw.daily, tokensByModel: {'a\n }': 5, '\n "total": {\n': 6}}};
        const content = JSON.stringify(hostile, null, space);
        const {document} = readDocument(content);
        for (const key of /** @type {const} */ (['session', 'daily', 'total'])) {
            const section = readSection(content, key);
            equal([section?.tokens, section?.kinds, section?.raw], [document?.[key].tokens, document?.[key].kinds, document?.[key].raw]);
        }
    });
}

test('of a file that is laid out as the exporter’s is, only the section is parsed', () => {
    const content = JSON.stringify(raw, null, 1);
    equal(readSection(`${content.slice(0, -2)} damaged`, 'daily')?.tokens, raw.daily.totalTokens);
});

test('no section where the file is damaged', () => {
    const content = JSON.stringify(raw, null, 1);
    equal(readSection(content.slice(0, content.indexOf('"daily"') + 40), 'daily'), null);
    equal(readSection('', 'total'), null);
});

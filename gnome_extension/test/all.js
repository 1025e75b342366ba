// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check
// Every test of the pure modules.

import './attention.test.js';
import './chart.test.js';
import './coalescer.test.js';
import './document.test.js';
import './instants.test.js';
import './locale.test.js';
import './menu.test.js';
import './models.test.js';
import './names.test.js';
import './notice.test.js';
import './numbers.test.js';
import './onDemand.test.js';
import './panel.test.js';
import './slices.test.js';
import './undo.test.js';
import './windows.test.js';
import './words.test.js';

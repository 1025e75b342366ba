// SPDX-License-Identifier: MIT
// Plasma's JavaScript engine is that of Qt 6: ECMAScript 2016, and no Intl. What is newer ends the widget, not the tests.
export default [
    {
        files: ['kde_plasmoid/package/**/*.mjs'],
        languageOptions: {ecmaVersion: 2016, sourceType: 'module', globals: {}},
        linterOptions: {reportUnusedDisableDirectives: 'error'},
        rules: {
            'no-undef': 'error',
            'no-restricted-globals': ['error', 'Intl'],
            'no-restricted-syntax': ['error',
                'CallExpression[callee.property.name=/^(at|flat|flatMap|fromEntries|hasOwn|matchAll|replaceAll)$/]'],
            'no-unused-vars': ['error', {caughtErrors: 'none'}],
            'no-shadow': 'error',
            'prefer-const': 'error',
            'eqeqeq': 'error',
            'max-len': ['error', {code: 150}],
            'quotes': ['error', 'single', {avoidEscape: true}],
            'semi': 'error',
        },
    },
];

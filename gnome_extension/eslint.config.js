// SPDX-License-Identifier: GPL-2.0-or-later
// Besides the usual: what blocks, breaks or crashes one of the Shells that the extension is for.
import js from '@eslint/js';

/**
 * @param {string} selector
 * @param {string} message
 */
const ban = (selector, message) => ({selector, message});

const BLOCKING = [
    'load_contents', 'load_bytes', 'replace_contents', 'query_info', 'query_exists', 'enumerate_children',
    'make_directory', 'communicate', 'communicate_utf8', 'spawn_command_line_sync', 'spawn_sync', 'file_get_contents',
    'file_set_contents', 'call_sync', 'wait_check', 'connect_sync', 'launch_default_for_uri',
].join('|');
const GONE = 'add_actor|remove_actor|get_children_list|get_default_backend|is_wayland_compositor|ClickAction|TapAction';

const forTheShell = [
    ban(`CallExpression > MemberExpression[property.name=/^(${BLOCKING})$/]`, 'blocks the Shell: use the asynchronous form'),
    ban('ImportDeclaration[source.value=/^gi:..(Gtk|Gdk|Adw)/]', 'GTK in the Shell\'s process ends the Shell'),
    ban('MemberExpression[property.name=\'run_dispose\']', 'not without a comment'),
    ban('Property[key.name=\'vertical\']', 'St.BoxLayout has none since 51'),
    ban('Property[key.name=\'orientation\']', 'St.BoxLayout has none in 46: see shell/vertical.js'),
    ban(`MemberExpression[property.name=/^(${GONE})$/]`, 'not in all of 46 to 51'),
    ban('MethodDefinition[key.name=\'disable\'][value.async=true]', 'an error since 51'),
    ban('MemberExpression[property.name=\'_promisify\']', 'changes a class for everybody: see shell/asynchronous.js'),
    ban('Property[key.name=/^(use_markup|useBodyMarkup)$/]', 'names from outside are never markup'),
    ban('MemberExpression[property.name=\'set_markup\']', 'names from outside are never markup'),
];
const pure = [ban('ImportDeclaration[source.value=/^(gi|resource|system|gettext)/]', 'lib/ is pure: node runs it, too')];

export default [
    js.configs.recommended,
    {
        languageOptions: {
            sourceType: 'module',
            ecmaVersion: 2022, // the engine of GNOME 46
            globals: {
                console: 'readonly', global: 'readonly', globalThis: 'readonly', Intl: 'readonly',
                TextDecoder: 'readonly', TextEncoder: 'readonly',
            },
        },
        linterOptions: {reportUnusedDisableDirectives: 'error'},
        rules: {
            'no-await-in-loop': 'error',
            'no-restricted-globals': ['error', 'imports', 'log', 'logError', 'print', 'window', 'setTimeout', 'setInterval'],
            'no-restricted-syntax': ['error', ...forTheShell],
            'no-unused-vars': ['error', {argsIgnorePattern: '^_', caughtErrors: 'all'}],
            'no-shadow': 'error',
            'prefer-const': 'error',
            'eqeqeq': 'error',
            'max-len': ['error', {code: 150}],
            'quotes': ['error', 'single', {avoidEscape: true}],
            'semi': 'error',
        },
    },
    {files: ['lib/**'], rules: {'no-restricted-syntax': ['error', ...pure, ...forTheShell]}},
    {
        files: ['prefs.js', 'prefs/**'],
        rules: {
            'no-restricted-syntax': ['error',
                ban('ImportDeclaration[source.value=/^gi:..(Clutter|Meta|St|Shell)$/]', 'no Shell libraries in the preferences'),
            ],
        },
    },
    {
        files: ['test/**', 'eslint.config.js'],
        languageOptions: {globals: {URL: 'readonly', print: 'readonly', printerr: 'readonly', setTimeout: 'readonly'}},
        rules: {'no-restricted-globals': 'off', 'no-restricted-syntax': 'off'},
    },
];

// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check

import {onDemand} from './onDemand.js';

const LEAST_COST = 0.0001;
const LEAST_ROUND_COST = 0.01;
const ALMOST_ONE = 0.99995;

/** @typedef {{code: string, perUsd: number}} Currency what amounts are shown in: so much of it is a US dollar */
/** @type {Currency} */
export const US_DOLLARS = {code: 'USD', perUsd: 1};

/** Tokens, costs and shares as text, in the user's language. */
export class Numbers {
    #perUsd;
    #format;

    /**
     * @param {string} locale a language tag
     * @param {'compact' | 'full'} style of tokens: 1.23M or 1,234,567
     * @param {Currency} currency
     */
    constructor(locale, style, {code, perUsd}) {
        // The narrow sign of many currencies is that of the dollar.
        const currencyDisplay = code === 'USD' ? /** @type {const} */ ('narrowSymbol') : /** @type {const} */ ('symbol');
        const money = {style: /** @type {const} */ ('currency'), currency: code, currencyDisplay};
        this.#perUsd = perUsd;
        const exact = () => new Intl.NumberFormat(locale, {maximumFractionDigits: 0});
        this.#format = onDemand({
            exact,
            tokens: style === 'full'
                ? exact
                : () => new Intl.NumberFormat(locale, {notation: 'compact', maximumSignificantDigits: 3}),
            cents: () => new Intl.NumberFormat(locale, {...money, minimumFractionDigits: 2, maximumFractionDigits: 2}),
            small: () => new Intl.NumberFormat(locale, {...money, minimumFractionDigits: 4, maximumFractionDigits: 4}),
            percent: () => new Intl.NumberFormat(locale, {style: 'percent', maximumFractionDigits: 0}),
        });
    }

    /**
     * Tokens in the user's style.
     *
     * @param {number} count
     */
    tokens(count) {
        // Below a thousand there is nothing to shorten, and three digits say all.
        return count < 1000 ? this.#format('exact', count) : this.#format('tokens', count);
    }

    /**
     * Tokens to the last one.
     *
     * @param {number} count
     */
    exactTokens(count) {
        return this.#format('exact', count);
    }

    /**
     * A cost in the user's currency, to the cent; to four places below one, where an agent's steps cost less than a cent.
     *
     * @param {number} usd
     */
    cost(usd) {
        const amount = usd * this.#perUsd;
        if (amount === 0 || amount >= ALMOST_ONE)
            return this.#format('cents', amount);
        return amount < LEAST_COST ? `<${this.#format('small', LEAST_COST)}` : this.#format('small', amount);
    }

    /**
     * A cost in the user's currency, to the cent.
     *
     * @param {number} usd
     */
    roundCost(usd) {
        const amount = usd * this.#perUsd;
        return amount > 0 && amount < LEAST_ROUND_COST ? `<${this.#format('cents', LEAST_ROUND_COST)}` : this.#format('cents', amount);
    }

    /**
     * A share in whole percent; a share that is there is never shown as nothing.
     *
     * @param {number} fraction 1 is the whole
     */
    share(fraction) {
        return fraction > 0 && fraction < 0.01 ? `<${this.#format('percent', 0.01)}` : this.#format('percent', fraction);
    }
}

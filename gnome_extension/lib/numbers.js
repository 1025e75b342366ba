// SPDX-License-Identifier: GPL-2.0-or-later
// @ts-check

const LEAST_COST_USD = 0.0001;
const LEAST_ROUND_COST_USD = 0.01;
const ALMOST_A_DOLLAR_USD = 0.99995;

/** Tokens, costs and shares as text, in the user's language. */
export class Numbers {
    #tokens;
    #exact;
    #cents;
    #small;
    #percent;

    /**
     * @param {string} locale a language tag
     * @param {'compact' | 'full'} style of tokens: 1.23M or 1,234,567
     */
    constructor(locale, style) {
        const usd = {style: /** @type {const} */ ('currency'), currency: 'USD', currencyDisplay: /** @type {const} */ ('narrowSymbol')};
        this.#exact = new Intl.NumberFormat(locale, {maximumFractionDigits: 0});
        this.#tokens = style === 'full'
            ? this.#exact
            : new Intl.NumberFormat(locale, {notation: 'compact', maximumSignificantDigits: 3});
        this.#cents = new Intl.NumberFormat(locale, usd);
        this.#small = new Intl.NumberFormat(locale, {...usd, minimumFractionDigits: 4, maximumFractionDigits: 4});
        this.#percent = new Intl.NumberFormat(locale, {style: 'percent', maximumFractionDigits: 0});
    }

    /**
     * Tokens in the user's style.
     *
     * @param {number} count
     */
    tokens(count) {
        // Below a thousand there is nothing to shorten, and three digits say all.
        return count < 1000 ? this.#exact.format(count) : this.#tokens.format(count);
    }

    /**
     * Tokens to the last one.
     *
     * @param {number} count
     */
    exactTokens(count) {
        return this.#exact.format(count);
    }

    /**
     * Dollars to the cent; to four places below a dollar, where an agent's steps cost less than a cent.
     *
     * @param {number} usd
     */
    cost(usd) {
        if (usd === 0 || usd >= ALMOST_A_DOLLAR_USD)
            return this.#cents.format(usd);
        return usd < LEAST_COST_USD ? `<${this.#small.format(LEAST_COST_USD)}` : this.#small.format(usd);
    }

    /**
     * Dollars to the cent.
     *
     * @param {number} usd
     */
    roundCost(usd) {
        return usd > 0 && usd < LEAST_ROUND_COST_USD
            ? `<${this.#cents.format(LEAST_ROUND_COST_USD)}`
            : this.#cents.format(usd);
    }

    /**
     * A share in whole percent; a share that is there is never shown as nothing.
     *
     * @param {number} fraction 1 is the whole
     */
    share(fraction) {
        return fraction > 0 && fraction < 0.01 ? `<${this.#percent.format(0.01)}` : this.#percent.format(fraction);
    }
}

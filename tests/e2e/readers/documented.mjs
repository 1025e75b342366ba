// The same reader as documented.py in plain JavaScript: stats.json on standard input, the documented figures on standard
// output. Ends with 1 and the field's name on its error stream where something is not as documented.

const DOCUMENTED = {session: ['lastActivity', 'startTime'], daily: ['date'], total: ['installDate']};

const isObject = value => typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = value => Number.isSafeInteger(value) && value >= 0;
const isCost = value => Number.isFinite(value) && value >= 0;

function hold(holds, field) {
    if (holds)
        return;
    console.error(field);
    process.exit(1);
}

function readSection(found, name, fields) {
    hold(isObject(found), name);
    const {totalTokens, tokensByModel} = found;
    hold(isObject(tokensByModel), `${name}.tokensByModel`);
    for (const [model, tokens] of Object.entries(tokensByModel))
        hold(isCount(tokens), `${name}.tokensByModel.${model}`);
    const sum = Object.values(tokensByModel).reduce((before, tokens) => before + tokens, 0);
    hold(isCount(totalTokens) && totalTokens === sum, `${name}.totalTokens`);
    const section = {totalTokens, tokensByModel};
    for (const field of fields) {
        const value = found[field];
        const isDate = typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value);
        hold(field === 'date' ? isDate : isCount(value), `${name}.${field}`);
        section[field] = value;
    }
    if ('totalCost' in found) {
        hold(isCost(found.totalCost), `${name}.totalCost`);
        section.totalCost = found.totalCost;
    }
    if ('costsByModel' in found) {
        const costs = found.costsByModel;
        hold(isObject(costs) && Object.values(costs).every(isCost), `${name}.costsByModel`);
        section.costsByModel = costs;
    }
    if (name === 'session' && 'isIdle' in found) {
        hold(typeof found.isIdle === 'boolean', 'session.isIdle');
        section.isIdle = found.isIdle;
    }
    if (name === 'session' && 'idleSince' in found) {
        hold(found.idleSince === null || isCount(found.idleSince), 'session.idleSince');
        section.idleSince = found.idleSince;
    }
    return section;
}

const pieces = [];
for await (const piece of process.stdin)
    pieces.push(piece);
const root = JSON.parse(Buffer.concat(pieces).toString());
hold(isObject(root), 'the document');
const sections = Object.entries(DOCUMENTED).map(([name, fields]) => [name, readSection(root[name], name, fields)]);
console.log(JSON.stringify(Object.fromEntries(sections)));

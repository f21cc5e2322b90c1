import { chaos } from "./run.ts";

/** node test/chaos/main.ts [SEED] [SECONDS] [OPERATIONS] */
const [seed = Math.floor(Math.random() * 1e9), seconds = 60, operations = 200] = process.argv.slice(2).map(Number);
console.log(`seed ${seed}`);
const { done, deaths } = await chaos({ lab: "chaos", seed, seconds, operations, log: (line) => console.log(line) });
console.log(`seed ${seed}: ${done} operations, ${deaths} agents died, nothing amiss`);
process.exit();

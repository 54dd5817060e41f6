export { bare } from './bare.ts';
export { deployment, target } from '../workflows/index.ts';

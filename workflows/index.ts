export { deployment } from './deployment.ts';
export { target } from './target.ts';

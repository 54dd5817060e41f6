export { deployment } from './deployment.ts';
export { notify } from './notify.ts';
export { target } from './target.ts';

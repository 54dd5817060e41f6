// The last step of `npm run build`: bundles the workflows that tsc has compiled.
import { bundleWorkflows } from '../dist/src/temporal/bundle.js';

await bundleWorkflows();
